#!/bin/sh
# Removes from node_modules what is never loaded, a third of its size: type declarations and TypeScript (Node runs none
# below node_modules), source maps, Flow types and readmes. Licences stay.
set -eu
find "${1:-node_modules}" -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.tsx' -o -name '*.map' \
  -o -name '*.flow' -o -name '*.md' \) ! -iname 'licen*' ! -iname 'notice*' ! -iname 'copying*' -delete
