#!/bin/bash
# Provision the machine on its first boot: Stoker in the place of Ignition, with the names of Ignition's units, so that
# what a distribution orders before or after them stays in order. See dracut.modules(7).
# shellcheck disable=SC2154  # dracut sets moddir, initdir, systemdsystemunitdir, systemdutildir

# Where Ignition's own module is installed, this one is only taken when it is asked for by name.
check() {
    [ -d "${moddir%/*}/30ignition" ] && return 255
    return 0
}

depends() {
    echo qemu systemd url-lib network
}

install_stage() {
    inst_simple "$moddir/$1" "$systemdsystemunitdir/$1"
    mkdir -p "$initdir/$systemdsystemunitdir/$2.requires"
    ln -sf "../$1" "$initdir/$systemdsystemunitdir/$2.requires/$1"
}

install() {
    # The program with its Python, and the name that the units and other modules know.
    cp -a "$moddir/tree/." "$initdir/"
    ln -sf ../lib/stoker/stoker "$initdir/usr/bin/ignition"

    # What the stages call, as far as this system has it.
    inst_multiple -o basename blkid groupadd groupdel groupmod ignition-kargs-helper lsblk mkfs.btrfs mkfs.ext4 mkfs.fat \
        mkfs.xfs mkswap partx setfiles sgdisk useradd userdel usermod wipefs
    inst_multiple -o clevis-encrypt-sss clevis-encrypt-tang clevis-encrypt-tpm2 clevis-luks-bind \
        clevis-luks-common-functions clevis-luks-unlock cryptsetup jose mdadm pwmake tpm2_create

    local unit
    for unit in ignition-fetch-offline ignition-fetch ignition-kargs ignition-disks ignition-mount ignition-files; do
        install_stage "$unit.service" ignition-complete.target
    done
    install_stage ignition-remount-sysroot.service ignition-diskful.target
    install_stage stoker-resident.service ignition-complete.target
    for unit in ignition-complete ignition-diskful ignition-subsequent ignition-diskful-subsequent; do
        inst_simple "$moddir/$unit.target" "$systemdsystemunitdir/$unit.target"
    done
    inst_script "$moddir/ignition-generator" "$systemdutildir/system-generators/ignition-generator"
    inst_rules 60-cdrom_id.rules
}

installkernel() {
    instmods -o qemu_fw_cfg vmw_vsock_vmci_transport
}
