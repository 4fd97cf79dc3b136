#!/bin/bash
# create-session-shallow-spoke.sh

SESSION_SLUG="$1"
MAIN_REPO="$(git rev-parse --show-toplevel)"
SESSION_DIR=".sessions/$SESSION_SLUG"

echo "Creating shallow session clone: $SESSION_SLUG"

# Shallow clone from main repo (local, fast)
git clone --depth 1 --single-branch --branch main "$MAIN_REPO" "$SESSION_DIR"

cd "$SESSION_DIR"

# Set main repo as origin (upstream)
git remote rename origin upstream

# Create session branch
git checkout -b "session/$SESSION_SLUG"

# Configure for pushing back to main
git config push.default current

# Session environment
cat > .session-env <<EOF
export SESSION_SLUG="$SESSION_SLUG"
export SESSION_BRANCH="session/$SESSION_SLUG"
export SESSION_DIR="\$(pwd)"
export SESSION_UPSTREAM="$MAIN_REPO"
EOF

echo "✓ Session created"
echo "  Source:   $MAIN_REPO (local)"
echo "  Location: $SESSION_DIR"
echo "  Branch:   session/$SESSION_SLUG"
echo "  Method:   Shallow clone (ephemeral)"
