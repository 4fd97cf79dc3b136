#!/bin/bash
# sync-main-to-cloud.sh

# In main repo
cd "$(git rev-parse --show-toplevel)"

# Fetch from cloud
git fetch origin

# Merge or rebase as needed
git merge origin/main  # or git rebase origin/main

# Push session branches to cloud
git push origin --all

# Push tags
git push origin --tags

"✓ Main repo synced with cloud"
