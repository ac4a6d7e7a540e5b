#!/bin/sh
# Writes .env for docker-compose.yml, with secrets nobody has seen; it needs nothing but a shell.
#   sh docker/make-env.sh            writes .env
#   sh docker/make-env.sh FILE       writes FILE
# A file that is there is not touched: without the secrets in it nobody reads what they protect.
set -eu
file=${1:-.env}
if [ -e "$file" ]; then
  echo "$file is there already: it holds the secrets of this installation" >&2
  exit 1
fi
umask 077
secret() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# A whole file or none.
cat > "$file.unfinished" <<END
# Read by docker-compose.yml. Keep a copy of this file apart from the backups.
# Put what you fill in between single quotes; nothing is special there but the single quote itself, written \\'.
# A value that holds a backslash goes into a file in secrets/ instead, and NAME_FILE=/run/secrets/that-file here.

# Fill in --------------------------------------------------------------------------------------------------------

# How people reach the app, and how their browsers reach the store: two names that lead to this machine, with https.
BASE_URL='https://examdesk.your-agency.example'
S3_BROWSER_ENDPOINT='https://files.your-agency.example'

# The mail server: smtp:// (with STARTTLS, mostly port 587) or smtps:// (port 465).
SMTP_URL='smtp://mail.your-agency.example:587'
SMTP_USER=''
SMTP_PASSWORD=''
MAIL_FROM='Examdesk <bookings@your-agency.example>'

# Acuity, Integrations, API: the user id and the API key.
ACUITY_USER_ID=''
ACUITY_API_KEY=''

# Made for you ---------------------------------------------------------------------------------------------------

# The database's superuser, the role that owns the tables, and the role of the app.
POSTGRES_PASSWORD=$(secret)
MIGRATION_DATABASE_PASSWORD=$(secret)
DATABASE_PASSWORD=$(secret)
# The store's key, and what it encrypts documents with. Without the second they cannot be read any more.
S3_SECRET_ACCESS_KEY=$(secret)
S3_ENCRYPTION_KEY=$(secret)
# Signs the sessions; seals the audit log; opens /metrics.
BETTER_AUTH_SECRET=$(secret)
ENCRYPTION_KEYS=first:$(secret)
METRICS_TOKEN=$(secret)

# Every other variable of .env.example can be set here, too. Backups are kept for this many days:
BACKUP_KEEP_DAYS=14
END
mv "$file.unfinished" "$file"
echo "$file is written: fill in what its first part asks for"
