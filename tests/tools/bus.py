"""A private D-Bus session, with gnome-keyring on it or without: with Bus(folder) as env: ... env is what a program needs to find it."""
import os
import subprocess

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""


class Bus:
    def __init__(self, folder, keyring=True):
        self.folder, self.keyring, self.running = folder, keyring, []

    def __enter__(self):
        config, path = self.folder + "/bus.conf", self.folder + "/bus"
        os.makedirs(self.folder + "/its", exist_ok=True)
        with open(config, "w") as f:
            f.write(CONFIG % path)
        env = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=" + path, "XDG_RUNTIME_DIR": self.folder}
        whole = dict(os.environ, HOME=self.folder + "/its", XDG_DATA_HOME=self.folder + "/its/data", **env)
        bus = subprocess.Popen(["dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + config, "--print-address=1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=whole)
        self.running.append(bus)
        bus.stdout.readline()  # it listens
        if self.keyring:
            ring = subprocess.Popen(["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, env=whole)
            self.running.append(ring)
            ring.stdin.write(b"of a test")
            ring.stdin.close()
            while b"true" not in subprocess.run(["dbus-send", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner",
                                                 "string:org.freedesktop.secrets"], env=whole, capture_output=True).stdout:
                if ring.poll() is not None:
                    raise AssertionError("gnome-keyring-daemon ended")
        return env

    def __exit__(self, *a):
        for p in reversed(self.running):
            p.terminate()
            p.wait()
