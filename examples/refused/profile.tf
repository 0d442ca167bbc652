// A profile with the config between EOF and EOF.
resource "matchbox_profile" "worker" {
  name                   = "worker"
  container_linux_config = <<EOF
systemd:
  units:
    - name: worker.service
      enable: true
EOF
}
