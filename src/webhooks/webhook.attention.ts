// Which events staff have to look at.

/**
 * A SQL condition on an event: processed with something left to do, and neither a later event of the appointment nor a
 * booking has settled it.
 */
export const webhookNeedsAttention = (alias: string): string => `(${alias}.state = 'processed'
  and ${alias}.note is not null and ${alias}.note <> 'cancelled_before_booked'
  and not exists (select from webhook_events n
    where n.appointment_id = ${alias}.appointment_id and n.received_at > ${alias}.received_at and n.state = 'processed')
  and not (split_part(${alias}.note, ':', 1) = 'unknown_calendar'
    and exists (select from bookings k where k.acuity_appointment_id = ${alias}.appointment_id)))`;
