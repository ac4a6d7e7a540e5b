#!/usr/bin/env bash
# Backs up the database, then the bucket: whatever a row of the dump speaks of is in the copy of the bucket.
#   backup          once, now
#   backup daily    every day at BACKUP_AT (UTC), for ever; at once when there is none of the last day
# In /backups:
#   database-TIME.dump    pg_dump's custom format
#   documents/            the bucket as it is now
#   documents-TIME/       the bucket as it was at that dump; files that did not change share their space
set -euo pipefail
cd "${BACKUP_DIRECTORY:-/backups}"
keep=${BACKUP_KEEP_DAYS:-14}
at=${BACKUP_AT:-02:30}

say() { echo "$(date -u +%FT%TZ) $*"; }

run() {
  local time
  time=$(date -u +%Y%m%dT%H%M%SZ)
  # What a run that was killed left behind.
  rm -rf -- unfinished.*
  pg_dump --format=custom --file=unfinished.dump
  mkdir -p documents
  aws s3 sync --only-show-errors --delete --exclude 'pending/*' "s3://$S3_BUCKET" documents
  cp --archive --link documents unfinished.documents
  mv unfinished.documents "documents-$time"
  # Last: where a dump is, its documents are.
  mv unfinished.dump "database-$time.dump"
  find . -maxdepth 1 -name 'database-*.dump' -mtime +"$keep" -print -delete
  local folder
  for folder in documents-*/; do
    [ -e "database-${folder:10:16}.dump" ] || rm -rf -- "$folder"
  done
  say "backed up: database-$time.dump ($(stat --format=%s "database-$time.dump") bytes), $(find "documents-$time" -type f | wc -l) documents"
}

if [ "${1:-}" != daily ]; then
  run
  exit
fi
trap 'exit 0' TERM INT

# In a shell of its own: what fails is tried again at the next time, and the health check tells meanwhile.
attempt() { bash "$0" || say "THE BACKUP FAILED (exit $?)"; }

say "a backup every day at $at UTC, kept for $keep days"
[ -n "$(find . -maxdepth 1 -name 'database-*.dump' -mmin -1440)" ] || attempt
while true; do
  now=$(date -u +%s)
  next=$(date -u -d "today $at" +%s)
  [ "$next" -gt "$now" ] || next=$(date -u -d "tomorrow $at" +%s)
  # In the background, so that a stop does not wait for it.
  sleep $((next - now)) &
  wait $!
  attempt
done
