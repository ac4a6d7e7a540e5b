#!/bin/sh
# examdesk NAME …: one of Examdesk's commands, in the container web of docker-compose.yml. docs/first-start.md links it as
# /usr/local/bin/examdesk.
set -eu
name=${1:-}
if [ -z "$name" ]; then
  echo 'Use: examdesk NAME …, like: examdesk doctor' >&2
  exit 2
fi
shift
cd "$(dirname "$(readlink -f "$0")")/.."
# The service has the address of the owner of the tables, which web does not know.
if [ "$name" = migrate ]; then
  exec docker compose run --rm --no-deps migrate
fi
# A terminal only where there is one: the output may go to a file.
terminal=
[ -t 0 ] && [ -t 1 ] || terminal=-T
exec docker compose exec $terminal web node "src/commands/$(echo "$name" | tr : -).ts" "$@"
