// The rows of each table. Written by npm run migrate from the database as it is.

declare module 'knex/types/tables.js' {
  interface Tables {
    account_links: {
      id: string;
      kind: 'invitation' | 'password_reset' | 'email_change';
      user_id: string | null;
      email: string;
      name: string | null;
      role: 'referrer' | 'support' | 'admin' | null;
      organization_id: string | null;
      created_by_id: string | null;
      expires_at: Date;
      used_at: Date | null;
      revoked_at: Date | null;
      created_at: Date;
      updated_at: Date;
    };
    accounts: {
      id: string;
      account_id: string;
      provider_id: string;
      user_id: string;
      access_token: string | null;
      refresh_token: string | null;
      id_token: string | null;
      access_token_expires_at: Date | null;
      refresh_token_expires_at: Date | null;
      scope: string | null;
      password: string | null;
      created_at: Date;
      updated_at: Date;
    };
    acuity_connection: {
      only_row: boolean;
      checked_at: Date | null;
      trouble: 'unauthorized' | 'no_api_access' | 'limit_reached' | 'address' | 'refused' | 'unavailable' | null;
      working_until: Date | null;
    };
    acuity_forms: {
      only_row: boolean;
      forms: unknown;
      read_at: Date | null;
      failed_at: Date | null;
      reading_until: Date | null;
    };
    appointment_read_versions: {
      appointment_id: number;
      version: number;
    };
    audit_actions: {
      action: string;
    };
    audit_log: {
      id: number;
      at: Date;
      actor_id: string | null;
      acting_as_id: string | null;
      action: string;
      resource_type: string;
      resource_id: string | null;
      outcome: 'success' | 'failure' | 'denied' | 'pending';
      metadata: unknown;
      ip: string | null;
      user_agent: string | null;
      request_id: string | null;
      xact: string;
    };
    audit_seals: {
      id: number;
      sealed_at: Date;
      from_id: number;
      to_id: number;
      row_count: number;
      key_id: string;
      digest: Buffer;
    };
    booking_answers: {
      id: string;
      booking_id: string;
      answers: unknown;
      acuity_digest: string;
      source: 'portal' | 'acuity' | 'reconciliation' | 'import';
      created_at: Date;
    };
    booking_attempts: {
      id: string;
      kind: 'book' | 'reschedule' | 'cancel';
      state: 'open' | 'completed' | 'failed';
      booking_id: string | null;
      reference: string;
      specialist_id: string;
      organization_id: string | null;
      created_by_id: string | null;
      created_for_id: string | null;
      idempotency_key: string | null;
      request_hash: string;
      request: unknown;
      starts_at: Date | null;
      failure: unknown;
      acuity_called_at: Date | null;
      created_at: Date;
      settled_at: Date | null;
      updated_at: Date;
    };
    booking_contacts: {
      id: string;
      booking_id: string;
      user_id: string;
      role: 'solicitor' | 'report_recipient';
      created_by_id: string;
      created_for_id: string | null;
      created_at: Date;
    };
    booking_drafts: {
      id: string;
      owner_id: string;
      data: unknown;
      expires_at: Date;
      created_at: Date;
      updated_at: Date;
      organization_id: string | null;
    };
    booking_message_reads: {
      booking_id: string;
      user_id: string;
      read_to: Date;
    };
    booking_messages: {
      id: string;
      booking_id: string;
      body: string;
      is_from_staff: boolean;
      created_by_id: string;
      created_for_id: string | null;
      idempotency_key: string;
      answered_at: Date | null;
      digest_id: string | null;
      created_at: Date;
    };
    booking_news: {
      booking_id: string;
      kind: 'report_ready' | 'cancelled' | 'moved' | 'no_show' | 'message';
      at: Date;
      organization_id: string | null;
    };
    booking_paperwork: {
      booking_id: string;
      starts_at: Date;
      in_time: boolean | null;
      late_at: Date | null;
    };
    booking_progress: {
      id: string;
      booking_id: string;
      progress: 'scheduled' | 'rescheduled' | 'cancelled' | 'no_show' | 'generating_report' | 'report_generated' | 'payment_received';
      changed_by_id: string | null;
      changed_for_id: string | null;
      source: 'portal' | 'acuity' | 'reconciliation' | 'import';
      notes: string;
      created_at: Date;
      moved_from: Date | null;
      moved_to: Date | null;
    };
    booking_reminders: {
      booking_id: string;
      days_before: number;
      starts_at: Date;
      created_at: Date;
    };
    booking_seen: {
      user_id: string;
      booking_id: string;
      seen_at: Date;
    };
    bookings: {
      id: string;
      reference: string;
      acuity_appointment_id: number;
      specialist_id: string;
      organization_id: string | null;
      created_by_id: string | null;
      created_for_id: string | null;
      examinee_first_name: string;
      examinee_last_name: string;
      examinee_phone: string;
      examinee_email: string | null;
      examinee_date_of_birth: string | null;
      claim_number: string | null;
      starts_at: Date;
      duration_minutes: number;
      timezone: string;
      type: 'in_person' | 'telehealth';
      location: string | null;
      meeting_link: string | null;
      status: 'active' | 'cancelled' | 'closed' | 'archived';
      current_progress: 'scheduled' | 'rescheduled' | 'cancelled' | 'no_show' | 'generating_report' | 'report_generated' | 'payment_received';
      source: 'portal' | 'acuity_direct';
      external_created_by: string | null;
      details_needed: boolean;
      notes: string;
      version: number;
      created_at: Date;
      updated_at: Date;
      acuity_answers_digest: string | null;
      interpreter_language: string | null;
      search_text: string;
      search_lexemes: string;
      time_chosen_at: Date | null;
    };
    bulk_actions: {
      id: string;
      kind: string;
      made_by_id: string;
      input: unknown;
      request: unknown;
      state: 'prepared' | 'running' | 'stopped' | 'done';
      is_cut: boolean;
      worked_at: Date | null;
      created_at: Date;
      begun_at: Date | null;
      ended_at: Date | null;
      stopped_by_id: string | null;
      paused_until: Date | null;
    };
    bulk_items: {
      bulk_action_id: string;
      place: number;
      record_id: string;
      seen: string;
      state: 'waiting' | 'done' | 'skipped';
      reason: string | null;
      settled_at: Date | null;
      tries: number;
    };
    calendar_feeds: {
      user_id: string;
      token_digest: Buffer;
      shows_details: boolean;
      shows_colleagues: boolean;
      created_at: Date;
    };
    console_columns: {
      user_id: string;
      list: string;
      columns: string[];
    };
    console_views: {
      id: string;
      user_id: string;
      list: string;
      name: string;
      query: string;
      columns: string[] | null;
      is_shared: boolean;
      created_at: Date;
      updated_at: Date;
    };
    custody_reports: {
      id: string;
      started_at: Date;
      finished_at: Date;
      rows_checked: number;
      objects_checked: number;
      findings: unknown;
    };
    daily_digests: {
      user_id: string;
      day: string;
    };
    direct_uploads: {
      id: string;
      booking_id: string;
      user_id: string;
      category: 'consent_form' | 'brief' | 'report' | 'dictation' | 'other';
      file_name: string;
      size_bytes: number;
      part_bytes: number;
      object_name: string;
      s3_upload_id: string;
      state: 'open' | 'stored' | 'refused';
      part_sha256: Buffer | null;
      document_id: string | null;
      expires_at: Date;
      created_at: Date;
      passed_over: boolean;
    };
    documents: {
      id: string;
      booking_id: string;
      category: 'consent_form' | 'brief' | 'report' | 'dictation' | 'other';
      file_name: string;
      mime_type: string;
      size_bytes: number;
      sha256: string;
      chunk_bytes: number;
      chunk_sha256: Buffer;
      s3_key: string;
      status: 'checking' | 'clean' | 'infected' | 'not_scanned';
      scanned_at: Date | null;
      uploaded_by_id: string;
      uploaded_for_id: string | null;
      created_at: Date;
      updated_at: Date;
      deleted_at: Date | null;
      deleted_by_id: string | null;
      deleted_for_id: string | null;
      object_removed_at: Date | null;
      damaged_at: Date | null;
      released_at: Date | null;
      released_by_id: string | null;
      releases: number;
    };
    drift_items: {
      id: string;
      report_id: string;
      appointment_id: number | null;
      booking_id: string | null;
      difference: 'missing_here' | 'missing_there' | 'status' | 'time' | 'duration' | 'specialist' | 'unknown_calendar' | 'type' | 'location' | 'link' | 'details' | 'specialist_place' | 'specialist_zone' | 'service_length';
      state: 'fixed' | 'left' | 'found';
      reason: string | null;
      announced: boolean;
      found_at: Date;
      day: string | null;
      superseded: boolean;
      is_over: boolean;
      specialist_id: string | null;
      closed_at: Date | null;
      closed_by_id: string | null;
      value_digest: string | null;
    };
    drift_reports: {
      id: string;
      kind: 'near' | 'all' | 'manual' | 'gap';
      from_day: string;
      to_day: string;
      fixes: boolean;
      state: 'running' | 'done' | 'failed';
      next_day: string;
      lease_until: Date | null;
      appointments: number;
      found: number;
      fixed: number;
      unannounced: number;
      last_error: string | null;
      started_at: Date;
      finished_at: Date | null;
      tells_nobody: boolean;
    };
    email_kinds: {
      kind: string;
    };
    emails: {
      id: string;
      kind: string;
      dedupe_key: string;
      recipient: string;
      booking_id: string | null;
      attempt_id: string | null;
      status: 'queued' | 'for_digest' | 'sent' | 'failed' | 'withheld';
      attempts: number;
      last_error: string | null;
      message_id: string | null;
      sent_at: Date | null;
      created_at: Date;
      updated_at: Date;
      account_link_id: string | null;
      drift_report_id: string | null;
      recipient_id: string | null;
      previous_starts_at: Date | null;
      document_id: string | null;
      digest_id: string | null;
      daily_digest_id: string | null;
      wait_offer_id: string | null;
    };
    freed_times: {
      id: string;
      specialist_id: string;
      type: string;
      starts_at: Date;
      booking_id: string | null;
      noticed_at: Date;
      check_at: Date | null;
      state: 'open' | 'done';
    };
    impersonation_views: {
      id: number;
      impersonation_id: string;
      at: Date;
      path: string;
    };
    impersonations: {
      id: string;
      admin_id: string;
      user_id: string;
      session_id: string;
      reason: string;
      started_at: Date;
      ended_at: Date | null;
      end_reason: 'exit' | 'idle' | 'expired' | 'session_ended' | null;
    };
    import_records: {
      id: string;
      import_id: string;
      record_type: 'organization' | 'user' | 'booking';
      record_id: string;
      effect: 'made' | 'changed';
      acuity_appointment_id: number | null;
      before: unknown;
      after: unknown;
      created_at: Date;
      undone_at: Date | null;
      left_reason: string | null;
    };
    imports: {
      id: string;
      kind: 'people' | 'acuity' | 'bookings';
      request_digest: string;
      options: unknown;
      state: 'running' | 'interrupted' | 'done' | 'failed' | 'undone';
      made: number;
      changed: number;
      matched: number;
      left_out: number;
      started_at: Date;
      finished_at: Date | null;
      undone_at: Date | null;
    };
    intake_fields: {
      name: string;
      acuity_field_id: number;
    };
    intake_mappings: {
      version: number;
      before: unknown;
      after: unknown;
      seen: unknown;
      saved_by_id: string;
      saved_at: Date;
    };
    invitations: {
      id: string;
      organization_id: string;
      email: string;
      role: string | null;
      status: 'pending' | 'accepted' | 'rejected' | 'canceled';
      expires_at: Date;
      created_at: Date;
      inviter_id: string;
    };
    kept_forms: {
      browser_id: string;
      action: string;
      user_id: string;
      admin_id: string | null;
      fields: unknown;
      expires_at: Date;
    };
    kept_version: {
      is_only: boolean;
      version: number;
    };
    mail_preferences: {
      user_id: string;
      kind: string;
      delivery: 'at_once' | 'daily' | 'off';
      updated_at: Date;
    };
    member_counts: {
      organization_id: string;
      active: number;
    };
    members: {
      id: string;
      organization_id: string;
      user_id: string;
      role: 'owner' | 'admin' | 'member';
      created_at: Date;
    };
    merges: {
      id: string;
      kind: 'referrer' | 'organization';
      from_id: string;
      into_id: string;
      from_name: string;
      into_name: string;
      reason: string;
      moved: unknown;
      made_by_id: string;
      made_at: Date;
      undone_by_id: string | null;
      undone_at: Date | null;
    };
    next_free_times: {
      specialist_id: string;
      type: 'in_person' | 'telehealth';
      times: Date[];
      known_until: Date | null;
      as_of: Date | null;
      changes: number;
      read_changes: number;
      due_at: Date | null;
      claimed_until: Date | null;
    };
    organizations: {
      id: string;
      name: string;
      slug: string;
      logo: string | null;
      created_at: Date;
      metadata: string | null;
      reminds_examinees: boolean;
      search_text: string;
      requires_two_factor: boolean;
      examinees_call: string;
    };
    paperwork_refreshes: {
      specialist_id: string | null;
      starts_at: Date;
      booking_id: string;
      asked_at: Date;
    };
    paperwork_reminders: {
      booking_id: string;
      rule_id: string;
      starts_at: Date;
      created_at: Date;
    };
    paperwork_rules: {
      id: string;
      specialist_id: string | null;
      category: 'consent_form' | 'brief';
      business_days: number | null;
      created_at: Date;
      updated_at: Date;
    };
    referrer_lexemes: {
      word: string;
    };
    referrer_search: {
      user_id: string;
      words: string;
      lexemes: string;
      name_words: string;
      name_lexemes: string;
    };
    refusal_counts: {
      action: string;
      resource_type: string;
      minute: Date;
      source: string;
      actor_id: string | null;
      acting_as_id: string | null;
      ip: string | null;
      count: number;
    };
    restores: {
      id: string;
      data_until: Date;
      started_at: Date;
      finished_at: Date | null;
    };
    sessions: {
      id: string;
      expires_at: Date;
      token: string;
      created_at: Date;
      updated_at: Date;
      ip_address: string | null;
      user_agent: string | null;
      user_id: string;
      impersonated_by: string | null;
      active_organization_id: string | null;
      impersonator_session_id: string | null;
      last_seen_at: Date;
    };
    specialist_files: {
      specialist_id: string;
      kind: 'photo' | 'cv';
      s3_key: string;
      mime_type: string;
      size_bytes: number;
      sha256: string;
      created_at: Date;
    };
    specialist_services: {
      specialist_id: string;
      type: 'in_person' | 'telehealth';
      acuity_appointment_type_id: number;
      duration_minutes: number;
    };
    specialists: {
      id: string;
      user_id: string | null;
      name: string;
      title: string | null;
      specialty: string;
      location: string | null;
      timezone: string;
      acuity_calendar_id: number;
      is_active: boolean;
      position: number;
      created_at: Date;
      updated_at: Date;
      search_text: string;
      qualifications: string | null;
      languages: string | null;
      examines: string | null;
      report_days: number | null;
    };
    staff_notes: {
      id: string;
      booking_id: string;
      body: string;
      written_by_id: string;
      idempotency_key: string;
      created_at: Date;
    };
    two_factors: {
      id: string;
      secret: string;
      backup_codes: string;
      user_id: string;
      verified: boolean;
      failed_verification_count: number;
      locked_until: Date | null;
      begun_in_session_id: string | null;
    };
    unassigned_notices: {
      booking_id: string;
      digest_id: string;
      created_at: Date;
    };
    used_two_factor_codes: {
      user_id: string;
      digest: string;
      used_at: Date;
    };
    user_activity: {
      user_id: string;
      last_active_at: Date;
    };
    users: {
      id: string;
      name: string;
      email: string;
      email_verified: boolean;
      image: string | null;
      created_at: Date;
      updated_at: Date;
      role: 'referrer' | 'support' | 'admin';
      banned: boolean;
      ban_reason: string | null;
      ban_expires: Date | null;
      two_factor_enabled: boolean;
      awaits_invitation: boolean;
      search_text: string;
      timezone: string | null;
    };
    verifications: {
      id: string;
      identifier: string;
      value: string;
      expires_at: Date;
      created_at: Date;
      updated_at: Date;
    };
    wait_entries: {
      id: string;
      created_by_id: string;
      created_for_id: string | null;
      organization_id: string;
      booking_id: string | null;
      specialist_id: string | null;
      type: 'in_person' | 'telehealth' | null;
      before: Date | null;
      not_before: Date | null;
      state: 'waiting' | 'accepted' | 'left' | 'over';
      created_at: Date;
      updated_at: Date;
    };
    wait_offers: {
      id: string;
      entry_id: string;
      specialist_id: string;
      type: string;
      starts_at: Date;
      duration_minutes: number;
      state: 'checking' | 'open' | 'accepted' | 'declined' | 'lapsed' | 'taken' | 'withdrawn';
      created_at: Date;
      expires_at: Date;
      ended_at: Date | null;
    };
    webhook_events: {
      id: string;
      seq: number;
      channel: 'relay' | 'direct' | 'automation';
      state: 'waiting' | 'delivering' | 'processed' | 'dead' | 'refused';
      received_at: Date;
      action: string | null;
      appointment_id: number | null;
      body: Buffer | null;
      headers: unknown;
      body_digest: Buffer;
      refusal: 'bad_signature' | 'unsupported_type' | 'malformed' | 'too_old' | null;
      coalesced: number;
      next_attempt_at: Date | null;
      lease_until: Date | null;
      attempts: number;
      last_status: number | null;
      last_error: string | null;
      outcome: 'created' | 'skipped' | 'updated' | 'cancelled' | 'ignored' | null;
      note: string | null;
      booking_id: string | null;
      duration_ms: number | null;
      processed_at: Date | null;
      replayed_at: Date | null;
    };
    webhook_subscriptions: {
      acuity_id: number;
      event: string;
      target: string;
      created_at: Date;
      checked_at: Date | null;
      trouble: 'missing' | 'disabled' | 'silent' | null;
    };
    workers: {
      id: string;
      kind: 'jobs' | 'relay';
      started_at: Date;
      seen_at: Date;
    };
  }
}

export {};
