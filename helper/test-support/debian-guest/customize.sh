#!/bin/sh
# Called by mmdebstrap with the new root file system, before it is closed: makes it a lean cloud guest.
set -eu
root=$1
kernel=$(basename "$root"/boot/vmlinuz-* | cut -c9-)

echo 'LABEL=rootfs / ext4 rw,noatime 0 1' >"$root/etc/fstab"
echo debian >"$root/etc/hostname"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id" "$root/etc/resolv.conf"
: >"$root/etc/machine-id"
: >"$root/etc/resolv.conf"

# Only the drivers of virtual disks: unpacking a full initramfs takes long without hardware virtualisation.
echo 'MODULES=list' >"$root/etc/initramfs-tools/conf.d/deskcloud"
echo 'COMPRESS=gzip' >>"$root/etc/initramfs-tools/conf.d/deskcloud"
# A config drive is an IDE CD-ROM where nothing is virtualised; cloud-init looks for it before udev is done.
printf '%s\n' virtio_pci virtio_blk virtio_scsi sd_mod ext4 ata_piix sr_mod isofs >>"$root/etc/initramfs-tools/modules"
chroot "$root" update-initramfs -u -k "$kernel"

# What a guest that lives for minutes has no use for.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-timesyncd.service systemd-pstore.service getty@tty1.service \
    systemd-networkd-persistent-storage.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
chroot "$root" systemctl enable systemd-networkd.service ssh.service
mkdir -p "$root/etc/systemd/system/systemd-networkd-wait-online.service.d"
cat >"$root/etc/systemd/system/systemd-networkd-wait-online.service.d/ipv4.conf" <<'UNIT'
[Service]
ExecStart=
ExecStart=/lib/systemd/systemd-networkd-wait-online --any --ipv4 --timeout=60
UNIT
# What the guest agent is asked to do to the file systems can be read in /run, which is never frozen.
mkdir -p "$root/etc/qemu" "$root/etc/systemd/system/qemu-guest-agent.service.d"
cat >"$root/etc/qemu/fsfreeze-hook" <<'HOOK'
#!/bin/sh
echo "$1" >>/run/fsfreeze
HOOK
chmod 755 "$root/etc/qemu/fsfreeze-hook"
cat >"$root/etc/systemd/system/qemu-guest-agent.service.d/hook.conf" <<'UNIT'
[Service]
ExecStart=
ExecStart=/usr/sbin/qemu-ga --fsfreeze-hook=/etc/qemu/fsfreeze-hook
UNIT
cat >"$root/etc/cloud/cloud.cfg.d/90_deskcloud_tests.cfg" <<'CFG'
datasource_list: [ConfigDrive, OpenStack, None]
# RSA keys take many seconds without hardware virtualisation.
ssh_genkeytypes: [ed25519]
apt_preserve_sources_list: true
package_update: false
locale: false
CFG
