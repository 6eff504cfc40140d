"""What the retailer sends and what comes back: campaign e-mails, text messages, service tickets, loyalty points.

Each table tells of facts of the chunk; how a tool exports them is left to the formats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.accounts import is_youzan_guest, shopify_accounts, youzan_accounts
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Flags, Ints
from pipelines.simulate.people import NEVER, SHOPIFY, STORE, YOUZAN
from pipelines.simulate.seasons import quiet_end
from pipelines.simulate.spec import DAY_SECONDS
from pipelines.simulate.till import draw_till

_HOUR = 3600
_MAIL_FIRST_DAY, _MAIL_EVERY_DAYS = 7, 14
_SMS_FIRST_DAY, _SMS_EVERY_DAYS = 10, 30
PURCHASE, TAKEN_BACK, REDEEMED = range(3)


@dataclass(frozen=True)
class Mails:
    """One row a campaign e-mail: person row, campaign number, instants of sending, opening and clicking, bounce."""

    row: Ints
    campaign: Ints
    sent_at: Ints
    opened_at: Ints
    clicked_at: Ints
    bounced: Flags


@dataclass(frozen=True)
class Messages:
    """One row a campaign text message: person row, campaign, send and report time, phone, whether it arrived."""

    row: Ints
    campaign: Ints
    sent_at: Ints
    reported_at: Ints
    phone: Ints
    arrived: Flags


@dataclass(frozen=True)
class Tickets:
    """One row a service case: person row, the order it is about, its instants and the answer to the survey.

    `answer` is 0 where the survey was not answered, 1 good, 2 bad.
    """

    row: Ints
    order: Ints
    created_at: Ints
    first_reply_minutes: Ints
    solved_at: Ints
    answer: Ints


@dataclass(frozen=True)
class Points:
    """One row a booking in the loyalty ledger of a card: person row, order position or -1, reason, points, instant."""

    row: Ints
    order: Ints
    reason: Ints
    delta: Ints
    at: Ints


def registered_at(chunk: Chunk) -> Ints:
    """Per person: when the first Shopify account was made, NEVER without one."""
    first, _ = shopify_accounts(chunk)
    out = np.full(len(chunk.people), NEVER, dtype=np.int64)
    out[first.row] = first.registered_at
    return out


def draw_mails(chunk: Chunk) -> Mails:
    """A campaign a fortnight, to everybody with an account and consent. A fifth open it, a seventh of those click."""
    world, people = chunk.world, chunk.people
    draws, registered = world.draws, registered_at(chunk)
    days = np.arange(_MAIL_FIRST_DAY, world.spec.days, _MAIL_EVERY_DAYS, dtype=np.int64)
    consents = draws.chance(0.65, "email_consent", people.index)
    row, campaign = _everybody(np.flatnonzero((registered != NEVER) & consents), len(days))
    sent = days[campaign] * DAY_SECONDS + 10 * _HOUR
    known = registered[row] < sent
    row, campaign, sent = row[known], campaign[known], sent[known]
    index = people.index[row]
    bounced = draws.chance(0.01, "mail_bounces", index, campaign)
    opens = ~bounced & draws.chance(0.2, "mail_opens", index, campaign)
    clicks = opens & draws.chance(0.15, "mail_clicks", index, campaign)
    opened = quiet_end(sent + draws.exponential(5.0 * _HOUR, "mail_delay", index, campaign).astype(np.int64))
    clicked = quiet_end(opened + draws.whole(5, 300, "mail_reading", index, campaign))
    return Mails(row, campaign, sent, np.where(opens, opened, NEVER), np.where(clicks, clicked, NEVER), bounced)


def draw_messages(chunk: Chunk) -> Messages:
    """A text message a month to the Youzan members who allow it. Four in a hundred do not arrive."""
    world, people, draws = chunk.world, chunk.people, chunk.world.draws
    accounts = youzan_accounts(chunk)
    days = np.arange(_SMS_FIRST_DAY, world.spec.days, _SMS_EVERY_DAYS, dtype=np.int64)
    allowed = draws.chance(0.6, "youzan_sms_consent", people.index[accounts.row])
    account, campaign = _everybody(np.flatnonzero(allowed), len(days))
    sent = days[campaign] * DAY_SECONDS + 11 * _HOUR
    known = accounts.registered_at[account] < sent
    row, campaign, sent = accounts.row[account[known]], campaign[known], sent[known]
    index = people.index[row]
    return Messages(
        row=row,
        campaign=campaign,
        sent_at=sent,
        reported_at=sent + draws.whole(2, 90, "sms_report", index, campaign),
        phone=people.phone_at(row, YOUZAN, sent),
        arrived=draws.chance(0.96, "sms_arrives", index, campaign),
    )


def draw_tickets(chunk: Chunk) -> Tickets:
    """Cases about online orders: a third of the refunded ones, three in a hundred of the others."""
    orders, draws = chunk.orders, chunk.world.draws
    online = ((orders.channel == SHOPIFY) | (orders.channel == YOUZAN)) & (orders.paid_at != NEVER)
    refunded = orders.refund_at != NEVER
    happens = online & draws.chance(np.where(refunded, 0.33, 0.03), "ticket", orders.key)
    order = np.flatnonzero(happens)
    key, refunded = orders.key[order], refunded[order]
    later = orders.paid_at[order] + draws.whole(1, 6 * 24, "ticket_after", key) * _HOUR
    before_refund = orders.refund_at[order] - draws.whole(1, 20, "ticket_before", key) * _HOUR // 2
    created = quiet_end(np.where(refunded, np.maximum(before_refund, orders.paid_at[order]), later))
    reply = np.maximum(1, draws.exponential(95.0, "ticket_reply", key).astype(np.int64))
    solved = quiet_end(created + reply * 60 + draws.exponential(20.0 * _HOUR, "ticket_work", key).astype(np.int64))
    answered = draws.chance(0.4, "survey", key)
    bad = draws.chance(np.where(refunded, 0.45, 0.15), "survey_bad", key)
    answer = np.where(answered, np.where(bad, 2, 1), 0)
    return Tickets(orders.row[order], order, created, reply, solved, answer)


def draw_points(chunk: Chunk) -> Points:
    """A point a yuan for card holders, in the store with the card shown and in Youzan; taken back with a refund.

    Five in a thousand purchases are not booked: the planted difference between expected and recorded points.
    """
    orders, draws = chunk.orders, chunk.world.draws
    shown = np.zeros(len(orders), dtype=bool)
    in_store = np.flatnonzero(orders.channel == STORE)
    shown[in_store] = draw_till(chunk, orders.take(in_store)).shows_card
    online = (orders.channel == YOUZAN) & chunk.people.has_card[orders.row] & ~is_youzan_guest(draws, orders)
    counts = (shown | online) & (orders.paid_at != NEVER) & ~draws.chance(0.005, "points_lost", orders.key)
    earns = np.flatnonzero(counts & (orders.total_fen >= 100))
    backs = earns[(orders.refund_at[earns] != NEVER) & (orders.refund_fen[earns] >= 100)]
    spends = earns[draws.chance(0.04, "points_spent", orders.key[earns])]
    spent_at = quiet_end(orders.paid_at[spends] + draws.whole(1, 30 * 24, "points_spent_after", orders.key[spends]) * _HOUR)
    order = np.concatenate([earns, backs, spends])
    sizes = [len(earns), len(backs), len(spends)]
    reason = np.repeat(np.array([PURCHASE, TAKEN_BACK, REDEEMED], dtype=np.int64), sizes)
    spent = -50 * draws.whole(1, 6, "points_spent_amount", orders.key[spends])
    delta = np.concatenate([orders.total_fen[earns] // 100, -(orders.refund_fen[backs] // 100), spent])
    at = np.concatenate([orders.paid_at[earns], orders.refund_at[backs], spent_at])
    return Points(orders.row[order], np.where(reason == REDEEMED, -1, order), reason, delta, at)


def _everybody(rows: Ints, campaigns: int) -> tuple[Ints, Ints]:
    """Each of the rows with each of the campaigns."""
    return np.repeat(rows, campaigns), np.tile(np.arange(campaigns, dtype=np.int64), len(rows))
