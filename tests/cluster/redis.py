"""Redis with a replica, and the three Sentinels that make it the master when the first one dies. Debian's redis-server is all of them."""

import secrets

import redis as client

from tests.cluster.daemon import Daemon, until

NAME = "portal"
SENTINELS = 3
DOWN_MILLISECONDS, FAILOVER_MILLISECONDS = 2000, 10000
SERVER = """
bind 127.0.0.1
port {port}
dir {folder}
save ""
appendonly no
requirepass {password}
masterauth {password}
repl-diskless-sync-delay 0
"""
SENTINEL = """
bind 127.0.0.1
port {port}
dir {folder}
sentinel monitor {name} 127.0.0.1 {master} 2
sentinel auth-pass {name} {password}
sentinel down-after-milliseconds {name} {down}
sentinel failover-timeout {name} {failover}
"""


class Redis:
    """The two servers and the Sentinels, on five ports."""

    def __init__(self, folder, ports, down=DOWN_MILLISECONDS):
        self.folder, self.password, self.down = folder / "redis", secrets.token_urlsafe(12), down
        self.folder.mkdir()
        servers, sentinels = ports[:-SENTINELS], ports[-SENTINELS:]
        self.servers = [self.daemon(f"redis-{name}", port, "the queue") for name, port in zip("ab", servers, strict=True)]
        what = "names the master of the queue"
        self.sentinels = [self.daemon(f"sentinel-{number}", port, what) for number, port in enumerate(sentinels, 1)]
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        self.url = f"redis+sentinel://:{self.password}@{hosts}/{NAME}/0"

    def daemon(self, name, port, what):
        """Returns a server of Redis or a Sentinel, with a folder of its own: both rewrite their configuration."""
        (folder := self.folder / name).mkdir()
        mode = ["--sentinel"] if name.startswith("sentinel") else []
        return Daemon(name, what, ["redis-server", folder / "conf", *mode], folder, port)

    def configure(self, daemon, text, **more):
        file = daemon.folder / "conf"
        file.write_text(text.format(port=daemon.port, folder=daemon.folder, password=self.password, **more))

    def start(self):
        """Starts all of them, and waits until the Sentinels know each other and the replica."""
        master, replica = self.servers
        for server in self.servers:
            self.configure(server, SERVER)
        with (replica.folder / "conf").open("a") as file:
            file.write(f"replicaof 127.0.0.1 {master.port}\n")
        for each in self.servers:
            each.start()
        for each in self.sentinels:
            self.configure(each, SENTINEL, name=NAME, master=master.port, down=self.down, failover=FAILOVER_MILLISECONDS)
            each.launch()
        if not until(self.is_whole):
            raise RuntimeError("The Sentinels did not find each other, or no replica.")
        return self

    def daemons(self):
        return [*self.servers, *self.sentinels]

    def is_whole(self):
        """Returns whether every Sentinel sees one master, a replica that follows it, and the other Sentinels."""
        states = [self.state(each) for each in self.sentinels]
        good = [state for state in states if state and state["num-slaves"] and state["num-other-sentinels"] == SENTINELS - 1]
        return len(good) == SENTINELS and len({state["port"] for state in good}) == 1 and self.follows()

    def follows(self):
        """Returns whether one server is the master, and the other has all that it has."""
        infos = [self.ask(each, "info", "replication") for each in self.servers]
        return sorted((info or {}).get("role", "") for info in infos) == ["master", "slave"] and any(
            info.get("master_link_status") == "up" for info in infos
        )

    def state(self, sentinel):
        """Returns what a Sentinel knows of the master, None if it does not answer."""
        masters = self.ask(sentinel, "sentinel_masters")
        return (masters or {}).get(NAME)

    def ask(self, daemon, command, *words):
        password = None if daemon in self.sentinels else self.password
        with client.Redis(port=daemon.port, password=password, socket_timeout=2, retry=None) as connection:
            try:
                return getattr(connection, command)(*words)
            except client.RedisError:
                return None

    def master(self):
        """Returns the server that the Sentinels call the master, or None."""
        ports = {state["port"] for each in self.sentinels if (state := self.state(each))}
        return next((each for each in self.servers if each.port in ports and len(ports) == 1), None)

    def kill(self):
        """Kills all five."""
        for each in self.daemons():
            each.kill()

    def restart(self):
        """Starts what is dead, and waits until all is whole again. Returns whether it is."""
        for each in self.daemons():
            if not each.is_alive():
                each.launch()
        return until(self.is_whole)
