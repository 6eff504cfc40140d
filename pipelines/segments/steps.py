"""The steps of the gate as SQL text, in order. Each reads the tables that the ones before it made; `gate` runs them.

Whether somebody may be written to depends on the way (channel and purpose) and not on the segment: it is judged once a customer and
way, and the many pairs of segment and customer stay two numbers each until they are written. A step drops what no later one reads: a
million customers with their messages and consents are most of the memory that a night may use.
"""

from __future__ import annotations

# `place` is the order of ids as text, `unit_id` who is held out together
PEOPLE = """
create table people as
select
    mart.rowid as customer_no,
    row_number() over (order by mart.customer_id) as place,
    mart.customer_id,
    golden.phone_e164,
    golden.email,
    mart.last_active_on,
    {unit} as unit_id
from {mart} as mart
left join {golden_customers} as golden on golden.customer_id = mart.customer_id
left join {households} as households on households.customer_id = mart.customer_id
"""

WAYS = """
create table plans as
select planned.*, dense_rank() over (order by channel, purpose) as way_no from planned;
create table ways as
select distinct way_no, channel, contact_type, purpose from plans
"""

# A contact point is one mailbox or one telephone: who denies it, denies it for everybody who shares it.
CONSENTS = """
create table denied as
select distinct ways.way_no, stated.contact_value
from {golden_consents} as stated
join ways on ways.channel = stated.medium and ways.contact_type = stated.contact_type and ways.purpose = stated.purpose
where stated.status = 'denied';
create table granted as
select distinct ways.way_no, stated.customer_id, stated.contact_value
from {golden_consents} as stated
join ways on ways.channel = stated.medium and ways.contact_type = stated.contact_type and ways.purpose = stated.purpose
where stated.status = 'granted'
"""

SUPPRESSED = """
create table silenced as
select people_said.customer_id, ways.way_no, min(people_said.reason) as reason
from (
    select value as customer_id, reason, medium, is_of_marketing from suppressions where type = 'customer_id'
    union all
    select redirections.new_id, suppressions.reason, suppressions.medium, suppressions.is_of_marketing
    from suppressions
    join redirections on redirections.old_id = suppressions.value
    where suppressions.type = 'customer_id'
    union all
    select current_members.customer_id, suppressions.reason, suppressions.medium, suppressions.is_of_marketing
    from suppressions
    join {identity_contact_points} as points on points.type = suppressions.type and points.value = suppressions.value
    join {identity_current} as current_members on current_members.source_record_key = points.source_record_key
    where suppressions.is_person
) as people_said
join ways
    on coalesce(people_said.medium = ways.channel, true)
    and (ways.purpose = 'marketing' or not people_said.is_of_marketing)
group by people_said.customer_id, ways.way_no;
create table silenced_contacts as
select suppressions.value as contact_value, ways.way_no, min(suppressions.reason) as reason
from suppressions
join ways
    on ways.contact_type = suppressions.type
    and coalesce(suppressions.medium = ways.channel, true)
    and (ways.purpose = 'marketing' or not suppressions.is_of_marketing)
group by suppressions.value, ways.way_no
"""

# The list of tonight is used tomorrow, that of an hour today. A message on the day of an answer counts as answered; one that did not
# arrive counts nowhere. The cap is the customer's, over all channels, and that of the telephone or mailbox, whoever of those behind it
# was meant.
MESSAGES = """
create table messages as
with reactions as (
    select customer_id, max(cast(timezone({zone}, greatest(opened_at, clicked_at)) as date)) as reacted_on
    from {sends}
    where greatest(opened_at, clicked_at) < {as_of_end_at}
    group by customer_id
)

select
    people.customer_no,
    count(case when ledger.sent_on > {used_on} - {cap_days} then 1 end) as message_count,
    count(case when ledger.sent_on > coalesce(greatest(people.last_active_on, reactions.reacted_on), date '0001-01-01') then 1 end)
        as unanswered_count
from ledger
join people on people.customer_id = ledger.customer_id
left join reactions on reactions.customer_id = ledger.customer_id
where ledger.purpose = 'marketing' and coalesce(ledger.status, 'sent') not in ('bounced', 'failed')
group by people.customer_no;
-- of a phone or mailbox that several customers have, all of their messages by that medium arrive there
create table crowded as
with shared as (
    select 'sms' as medium, phone_e164 as contact_value from people where phone_e164 is not null group by phone_e164 having count(*) > 1
    union all
    select 'email', email from people where email is not null group by email having count(*) > 1
),

sharing as (
    select people.customer_no, people.customer_id, shared.medium, shared.contact_value
    from shared
    join people on people.phone_e164 = shared.contact_value
    where shared.medium = 'sms'
    union all
    select people.customer_no, people.customer_id, shared.medium, shared.contact_value
    from shared
    join people on people.email = shared.contact_value
    where shared.medium = 'email'
),

arrived as (
    select sharing.medium, sharing.contact_value, count(*) as message_count
    from sharing
    join ledger on ledger.customer_id = sharing.customer_id and ledger.medium = sharing.medium
    where
        ledger.purpose = 'marketing'
        and coalesce(ledger.status, 'sent') not in ('bounced', 'failed')
        and ledger.sent_on > {used_on} - {cap_days}
    group by sharing.medium, sharing.contact_value
    having count(*) >= {cap_messages}
)

select sharing.customer_no, sharing.medium, arrived.message_count
from sharing
join arrived on arrived.medium = sharing.medium and arrived.contact_value = sharing.contact_value;
drop table ledger
"""

# A message of service needs no grant, because it belongs to what the customer asked for: only a denial stops it, and no cap does.
STANDING = """
create table standing as
with points as (
    select
        people.customer_no,
        people.customer_id,
        ways.*,
        case ways.contact_type when 'phone' then people.phone_e164 when 'email' then people.email end as contact_value
    from people
    cross join ways
)

select
    points.customer_no,
    points.way_no,
    case
        when points.contact_value is null then 'unreachable'
        when denied.contact_value is not null or (points.purpose = 'marketing' and granted.customer_id is null) then 'no_consent'
        when silenced.customer_id is not null or silenced_contacts.contact_value is not null then 'suppressed'
        when points.purpose = 'marketing' and messages.unanswered_count >= {stop_after} then 'suppressed'
        when points.purpose = 'marketing' and coalesce(messages.message_count, 0) >= {cap_messages} then 'over_cap'
        when points.purpose = 'marketing' and crowded.customer_no is not null then 'over_cap'
    end as outcome,
    case
        when points.contact_value is null then 'no ' || points.contact_type
        when denied.contact_value is not null
            then points.channel || ' for ' || points.purpose || ' is denied on the ' || points.contact_type
        when points.purpose = 'marketing' and granted.customer_id is null then 'no consent to ' || points.channel || ' for marketing'
        when silenced.customer_id is not null then silenced.reason || ', the person'
        when silenced_contacts.contact_value is not null then silenced_contacts.reason || ', the ' || points.contact_type
        when points.purpose = 'marketing' and messages.unanswered_count >= {stop_after}
            then messages.unanswered_count || ' messages without an answer'
        when points.purpose = 'marketing' and coalesce(messages.message_count, 0) >= {cap_messages}
            then coalesce(messages.message_count, 0) || ' messages in {cap_days} days'
        when points.purpose = 'marketing' and crowded.customer_no is not null
            then crowded.message_count || ' messages in {cap_days} days to the ' || points.contact_type || ', which others have too'
    end as reason
from points
left join granted
    on granted.way_no = points.way_no and granted.customer_id = points.customer_id and granted.contact_value = points.contact_value
left join denied on denied.way_no = points.way_no and denied.contact_value = points.contact_value
left join silenced on silenced.way_no = points.way_no and silenced.customer_id = points.customer_id
left join silenced_contacts on silenced_contacts.way_no = points.way_no and silenced_contacts.contact_value = points.contact_value
left join messages on messages.customer_no = points.customer_no
left join crowded on crowded.customer_no = points.customer_no and crowded.medium = points.channel;
drop table granted;
drop table denied;
drop table silenced;
drop table silenced_contacts;
drop table messages;
drop table crowded
"""

# What is decided already of the day on which the lists are used. `told`: of a segment whose list is made every hour, who was on it not
# long ago. `taken`: who won a marketing list of that day, or is reached by a contact point that did; held out of it is won as well, or
# a later list of the day would reach those whom it is compared with, and not them that it was sent to.
DECIDED_BEFORE = """
create table told as
select plans.segment_no, people.customer_no, 'on this list of ' || max(past.list_name) || ' already' as reason
from {past} as past
join plans on plans.segment_name = past.segment_name and plans.is_hourly
left join redirections on redirections.old_id = past.customer_id
join people on people.customer_id = coalesce(redirections.new_id, past.customer_id)
where past.outcome = 'exported' and past.listed_at > {as_of_end_at} - to_hours({repeat_hours})
group by plans.segment_no, people.customer_no;
create table taken as
with winners as (
    select people.*, past.medium, 'on the list of ' || past.segment_name || ' of ' || past.list_name || ' already' as reason
    from {past} as past
    left join redirections on redirections.old_id = past.customer_id
    join people on people.customer_id = coalesce(redirections.new_id, past.customer_id)
    where past.used_on = {used_on} and past.purpose = 'marketing' and past.outcome in ('exported', 'held_out')
)

select customer_no, min(reason) as reason
from (
    select customer_no, reason from winners
    union all
    select people.customer_no, 'the phone is on a list of the day already'
    from winners
    join people on people.phone_e164 = winners.phone_e164 and people.customer_no <> winners.customer_no
    where winners.medium = 'sms'
    union all
    select people.customer_no, 'the email is on a list of the day already'
    from winners
    join people on people.email = winners.email and people.customer_no <> winners.customer_no
    where winners.medium = 'email'
) as won_before
group by customer_no
"""

# One marketing list a customer a day; service lists do not compete.
FIRSTS = """
create table firsts as
select matched.customer_no, min(plans.place) as place
from matched
join plans on plans.segment_no = matched.segment_no
join standing on standing.customer_no = matched.customer_no and standing.way_no = plans.way_no
anti join told on told.segment_no = matched.segment_no and told.customer_no = matched.customer_no
anti join taken on taken.customer_no = matched.customer_no
where standing.outcome is null and plans.purpose = 'marketing'
group by matched.customer_no
"""

# One customer a contact point: two people behind one telephone do not get the same message twice, and of marketing none on one day.
WON = """
create table won as
select
    candidates.segment_no,
    candidates.customer_no,
    row_number() over (
        partition by case when plans.purpose = 'service' then candidates.segment_no end, plans.contact_type,
            case plans.contact_type when 'phone' then people.phone_e164 when 'email' then people.email end
        order by plans.place, people.place
    ) = 1 as has_contact
from (
    select plans.segment_no, firsts.customer_no
    from firsts
    join plans on plans.place = firsts.place
    union all
    select matched.segment_no, matched.customer_no
    from matched
    join plans on plans.segment_no = matched.segment_no and plans.purpose = 'service'
    join standing on standing.customer_no = matched.customer_no and standing.way_no = plans.way_no and standing.outcome is null
    anti join told on told.segment_no = matched.segment_no and told.customer_no = matched.customer_no
) as candidates
join plans on plans.segment_no = candidates.segment_no
join people on people.customer_no = candidates.customer_no
"""

# Where somebody once stood in a segment, there they stay: their own first list, else that of the household.
# 48 bits of a salted MD5 in hex, compared as text: uniform to 1 in 10^14, the same in every engine, repeatable for ever.
ASSIGNED = """
create table assigned as
with frozen as (
    select
        plans.segment_no,
        people.customer_no,
        people.unit_id,
        stood.outcome,
        stood.arm,
        stood.reason,
        stood.is_contaminated,
        row_number() over (partition by plans.segment_no, people.unit_id order by stood.assigned_on, people.place) = 1 as is_first
    from {assignments} as stood
    join plans on plans.segment_name = stood.segment_name
    join people on people.customer_id = stood.customer_id
),

placed as (
    select
        won.segment_no,
        won.customer_no,
        plans.segment_name,
        plans.salt,
        people.unit_id,
        coalesce(own.outcome, of_unit.outcome) as outcome,
        case when own.outcome is not null then own.arm else of_unit.arm end as frozen_arm,
        coalesce(own.reason, of_unit.reason) as frozen_reason,
        coalesce(own.is_contaminated, false) as is_contaminated,
        left(md5(plans.salt || '|holdout|' || people.unit_id), {digits}) < plans.global_holdout_below as is_in_global,
        left(md5(plans.salt || '|holdout|' || plans.segment_name || '|' || people.unit_id), {digits}) < plans.holdout_below as is_in_own
    from won
    join plans on plans.segment_no = won.segment_no
    join people on people.customer_no = won.customer_no
    left join frozen as own on own.segment_no = won.segment_no and own.customer_no = won.customer_no
    left join frozen as of_unit on of_unit.segment_no = won.segment_no and of_unit.unit_id = people.unit_id and of_unit.is_first
    where won.has_contact
),

held as (
    select
        placed.*,
        case
            when outcome = 'held_out' then coalesce(frozen_reason, 'holdout of the segment')
            when outcome = 'exported' then null
            when is_in_global then 'global holdout'
            when is_in_own then 'holdout of the segment'
        end as held_by,
        left(md5(salt || '|arm|' || segment_name || '|' || unit_id), {digits}) as arm_hash
    from placed
)

select
    held.segment_no,
    held.customer_no,
    held.held_by,
    held.is_contaminated,
    -- an arm that is declared no more cannot be sent
    case when held.held_by is null then coalesce(kept.arm, drawn.arm) end as arm
from held
left join arms as kept on kept.segment_no = held.segment_no and kept.arm = held.frozen_arm
left join arms as drawn
    on drawn.segment_no = held.segment_no and held.arm_hash >= drawn.from_hash and held.arm_hash < drawn.below_hash
"""

EXPORTED = """
create view exported as
select plans.segment_name, people.customer_id
from assigned
join plans on plans.segment_no = assigned.segment_no
join people on people.customer_no = assigned.customer_no
where assigned.held_by is null
"""

CONTAMINATED = """
select plans.segment_name, count(*)
from assigned
join plans on plans.segment_no = assigned.segment_no
where assigned.is_contaminated
group by plans.segment_name
order by plans.segment_name
"""

DECIDED = """
select
    {hour}
    {as_of} as as_of,
    plans.segment_name,
    people.customer_id,
    assigned.arm,
    case
        when standing.outcome is not null then standing.outcome
        when told.customer_no is not null then 'over_cap'
        when assigned.customer_no is null then 'lost_priority'
        when assigned.held_by is not null then 'held_out'
        else 'exported'
    end as outcome,
    case
        when standing.outcome is not null then standing.reason
        when told.customer_no is not null then told.reason
        when assigned.customer_no is not null then assigned.held_by
        when plans.purpose = 'marketing' and taken.customer_no is not null then taken.reason
        when plans.purpose = 'marketing' and firsts.place <> plans.place then 'on the list of ' || winners.segment_name
        else 'the ' || plans.contact_type || ' is on a list already'
    end as reason,
    plans.channel as medium,
    plans.purpose
from matched
join plans on plans.segment_no = matched.segment_no
join people on people.customer_no = matched.customer_no
join standing on standing.customer_no = matched.customer_no and standing.way_no = plans.way_no
left join told on told.segment_no = matched.segment_no and told.customer_no = matched.customer_no
left join taken on taken.customer_no = matched.customer_no
left join firsts on firsts.customer_no = matched.customer_no
left join plans as winners on winners.place = firsts.place
left join assigned on assigned.segment_no = matched.segment_no and assigned.customer_no = matched.customer_no
order by matched.segment_no, people.place
"""
