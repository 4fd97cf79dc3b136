# The second half of the boot, in the overlay: devices, folders in memory, network, shares. Then the agent runs.
set -eu
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
ln -sf pts/ptmx /dev/ptmx
ln -sfn /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs run /run
mkdir -p /run/lock /run/nfs-guest /run/mounts
mkdir -m 1777 /run/tmp
echo nfs-guest >/proc/sys/kernel/hostname

ip link set lo up
ip link set vec0 up
ip addr add 10.0.2.15/24 dev vec0

mount -t hostfs -o "$guest_job" none /run/nfs-guest
while IFS=$'\t' read -r how from to; do
  mkdir -p "$to"
  mount -t hostfs -o "$how,$from" none "$to"
done </run/nfs-guest/shares
exec /usr/bin/python3 -S -E "$guest_prepared/agent.py"
