"""The steps of the gate as SQL text, in order. Each reads the tables that the ones before it made; `gate` runs them."""

from __future__ import annotations

WANTED = """
create table wanted as
select
    matched.segment_name,
    matched.customer_id,
    plans.channel,
    plans.contact_type,
    plans.priority,
    case plans.contact_type when 'phone' then golden.phone_e164 when 'email' then golden.email end as contact_value
from matched
join plans on plans.segment_name = matched.segment_name
left join {golden_customers} as golden on golden.customer_id = matched.customer_id
"""

# A contact point is one mailbox or one telephone: who denies it, denies it for everybody who shares it.
CONSENTS = """
create table consents as
select contact_type, contact_value, medium, customer_id, status
from {golden_consents}
where purpose = 'marketing' and contact_value in (select contact_value from wanted);
create table denied as
select distinct contact_type, contact_value, medium as channel from consents where status = 'denied';
create table granted as
select distinct contact_type, contact_value, medium as channel, customer_id from consents where status = 'granted'
"""

# Ids that merges have retired, with the one that took over: what an old id was sent or asked for holds for the new one.
SUCCESSORS = """
create table successors as
with recursive redirected as (
    select customer_id as old_id, other_customer_id as new_id from {identity_changes} where change = 'redirected' and as_of <= {as_of}
),

followed as (
    select old_id, new_id from redirected
    union
    select followed.old_id, redirected.new_id from followed join redirected on redirected.old_id = followed.new_id
)

select old_id, new_id from followed
"""

SUPPRESSED = """
create table silenced as
select customer_id, min(reason) as reason
from (
    select value as customer_id, reason from suppressions where type = 'customer_id'
    union all
    select successors.new_id, suppressions.reason
    from suppressions join successors on successors.old_id = suppressions.value
    where suppressions.type = 'customer_id'
    union all
    select current_members.customer_id, suppressions.reason
    from suppressions
    join {identity_contact_points} as points on points.type = suppressions.type and points.value = suppressions.value
    join {identity_current} as current_members on current_members.source_record_key = points.source_record_key
    where suppressions.is_person
) as people
group by customer_id;
create table silenced_contacts as
select type as contact_type, value as contact_value, min(reason) as reason
from suppressions
where type <> 'customer_id'
group by type, value
"""

MESSAGES = """
create table messages as
select customer_id, count(*) as message_count
from (
    select coalesce(successors.new_id, past.customer_id) as customer_id
    from {past} as past
    left join successors on successors.old_id = past.customer_id
    where past.outcome = 'exported'
) as sent
group by customer_id
"""

JUDGED = """
create table judged as
select
    wanted.*,
    case
        when wanted.contact_value is null then 'unreachable'
        when granted.customer_id is null or denied.contact_value is not null then 'no_consent'
        when silenced.customer_id is not null or silenced_contacts.contact_value is not null then 'suppressed'
        when coalesce(messages.message_count, 0) >= {cap_messages} then 'over_cap'
    end as outcome,
    case
        when wanted.contact_value is null then 'no ' || wanted.contact_type
        when denied.contact_value is not null then wanted.channel || ' for marketing is denied on the ' || wanted.contact_type
        when granted.customer_id is null then 'no consent to ' || wanted.channel || ' for marketing'
        when silenced.customer_id is not null then silenced.reason || ', the person'
        when silenced_contacts.contact_value is not null then silenced_contacts.reason || ', the ' || wanted.contact_type
        when coalesce(messages.message_count, 0) >= {cap_messages}
            then coalesce(messages.message_count, 0) || ' messages in {cap_days} days'
    end as reason
from wanted
left join granted
    on granted.customer_id = wanted.customer_id
    and granted.contact_type = wanted.contact_type
    and granted.contact_value = wanted.contact_value
    and granted.channel = wanted.channel
left join denied
    on denied.contact_type = wanted.contact_type
    and denied.contact_value = wanted.contact_value
    and denied.channel = wanted.channel
left join silenced on silenced.customer_id = wanted.customer_id
left join silenced_contacts
    on silenced_contacts.contact_type = wanted.contact_type and silenced_contacts.contact_value = wanted.contact_value
left join messages on messages.customer_id = wanted.customer_id
"""

# One list a customer, and one customer a contact point: two people behind one telephone do not get the same message twice.
RANKED = """
create table ranked as
with by_customer as (
    select
        judged.*,
        first_value(segment_name) over (partition by customer_id order by priority, segment_name) as first_segment
    from judged
    where outcome is null
)

select
    segment_name,
    customer_id,
    case
        when segment_name <> first_segment then 'on the list of ' || first_segment
        when row_number() over (
            partition by contact_type, contact_value, segment_name = first_segment order by priority, segment_name, customer_id
        ) > 1 then 'the ' || contact_type || ' is on a list already'
    end as lost_to
from by_customer
"""

# 48 bits of a salted MD5 in hex, compared as text: uniform to 1 in 10^14, the same in every engine, repeatable for ever.
HASHES = """
create table hashes as
select
    ranked.segment_name,
    ranked.customer_id,
    left(md5(plans.salt || '|arm|' || ranked.segment_name || '|' || ranked.customer_id), {digits}) as arm_hash,
    case
        when left(md5(plans.salt || '|holdout|' || ranked.customer_id), {digits}) < plans.global_holdout_below then 'global holdout'
        when left(md5(plans.salt || '|holdout|' || ranked.segment_name || '|' || ranked.customer_id), {digits}) < plans.holdout_below
            then 'holdout of the segment'
    end as held_by
from ranked
join plans on plans.segment_name = ranked.segment_name
where ranked.lost_to is null
"""

DECIDED = """
select
    {as_of} as as_of,
    judged.segment_name,
    judged.customer_id,
    case when judged.outcome is null and ranked.lost_to is null and hashes.held_by is null then arms.arm end as arm,
    case
        when judged.outcome is not null then judged.outcome
        when ranked.lost_to is not null then 'lost_priority'
        when hashes.held_by is not null then 'held_out'
        else 'exported'
    end as outcome,
    coalesce(judged.reason, ranked.lost_to, hashes.held_by) as reason
from judged
left join ranked on ranked.segment_name = judged.segment_name and ranked.customer_id = judged.customer_id
left join hashes on hashes.segment_name = judged.segment_name and hashes.customer_id = judged.customer_id
left join arms
    on arms.segment_name = judged.segment_name
    and hashes.arm_hash >= arms.from_hash
    and hashes.arm_hash < arms.below_hash
order by segment_name, customer_id
"""
