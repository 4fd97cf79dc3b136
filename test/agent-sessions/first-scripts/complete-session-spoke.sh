#!/bin/bash
# complete-session-spoke.sh

SESSION_SLUG="$1"
SESSION_DIR=".sessions/$SESSION_SLUG"
MAIN_REPO="$(git rev-parse --show-toplevel)"

cd "$SESSION_DIR"

# Push session branch to main repo
git push upstream "session/$SESSION_SLUG"

echo "✓ Session pushed to main repo"

# Back to main repo
cd "$MAIN_REPO"

# Optionally: Merge session branch
git merge "session/$SESSION_SLUG"

# Optionally: Push to cloud
git push origin main

# Delete session clone
rm -rf "$SESSION_DIR"

echo "✓ Session completed and cleaned"
