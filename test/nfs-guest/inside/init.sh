#!/bin/bash
# Process 1 of the guest. Its root is the host's root, read-only (hostfs). Loads the modules, puts an overlay in memory
# over that root, and goes on in there. The kernel hands over $guest_job, the folder of this guest on the host, and
# $guest_prepared, where this script lies. When this process ends, the kernel panics, and the machine with it.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o size=80% run /run
while read -r module; do insmod "$guest_prepared/$module"; done <"$guest_prepared/load-order"
mkdir /run/lower /run/upper /run/work /run/root
mount -t hostfs -o ro none /run/lower
mount -t overlay -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work overlay /run/root
mount --move /proc /run/root/proc
mount --move /sys /run/root/sys
mount -t devtmpfs dev /run/root/dev
chroot /run/root /bin/bash "$guest_prepared/boot.sh"
