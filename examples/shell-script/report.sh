#!/bin/sh
# A script as one has it: it takes a key and a base URL from its environment.
set -eu
curl -sS --fail -H "X-Api-Key: $USERS_API_KEY" "$USERS_API_URL/users/123"
echo
echo "my key is $USERS_API_KEY"
