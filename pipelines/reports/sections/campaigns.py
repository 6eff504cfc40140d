"""What the messages, coupons and campaigns of the last days brought, and what a comparison of arms shows."""

from __future__ import annotations

from pipelines.reports.figures import Published
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.wording import Words, number, share

_CAMPAIGNS = 25


def campaigns(published: Published, words: Words) -> Section:
    """Tables, because a campaign is read line by line."""
    return Section("campaigns", words("campaigns"), [_effects(published, words), _experiments(published, words)])


def _effects(published: Published, words: Words) -> Part:
    found = published.rows(
        """
        select
            coalesce(campaign_name, campaign_key), channel, sent, delivered, open_rate, click_rate, conversion_rate,
            attributed_revenue, cost, roas, window_days
        from mart_marketing__campaign_effects
        order by attributed_revenue desc nulls last, campaign_key, channel
        limit ?
        """,
        [_CAMPAIGNS],
    )
    if not found:
        return Part(words("campaign_effects"), words("nothing_yet"))
    names = ("campaign", "channel", "sent", "delivered", "open_rate", "click_rate", "conversion_rate", "attributed_revenue", "cost", "roas")
    rows = [
        [
            name,
            channel,
            number(sent),
            number(delivered),
            share(opened),
            share(clicked),
            share(converted),
            *(number(amount, 2) for amount in amounts),
        ]
        for name, channel, sent, delivered, opened, clicked, converted, *amounts, _ in found
    ]
    note = words("campaign_effects_note", days=found[0][-1], currency=published.currency)
    return Part(words("campaign_effects"), note, figures=Figures([words(name) for name in names], rows, frozenset(range(2, len(names)))))


def _experiments(published: Published, words: Words) -> Part:
    found = published.rows(
        """
        select segment_name, arm, against_arm, customer_count, against_customer_count, difference, difference_low, difference_high,
            p_value, winner, is_provisional
        from mart_marketing__experiments
        where is_declared
        order by segment_name, arm, against_arm
        """
    )
    if not found:
        return Part(words("experiments"), words("nothing_yet"))
    names = ("segment", "arm", "against_arm", "customers", "customers_against", "difference", "interval", "p_value", "winner")
    rows = [
        [
            segment,
            words.value("arm", arm),
            words.value("arm", against),
            number(customers),
            number(others),
            number(difference, 4),
            f"{number(low, 4)} … {number(high, 4)}",
            number(p_value, 3),
            words.value("arm", winner) + ("*" if is_provisional else ""),
        ]
        for segment, arm, against, customers, others, difference, low, high, p_value, winner, is_provisional in found
    ]
    figures = Figures([words(name) for name in names], rows, frozenset(range(3, 8)))
    return Part(words("experiments"), words("experiments_note"), figures=figures)
