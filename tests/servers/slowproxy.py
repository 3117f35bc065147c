#!/usr/bin/python3
"""slowproxy.py --to PORT [options] : a TCP proxy on 127.0.0.1 that puts a server far away or makes it unreliable.

  --listen PORT      own port (default: a free one); PORT=N is printed when it listens
  --delay MS         one-way delay, in each direction; a round trip costs twice this
  --rate BYTES       bytes a second, each connection and direction
  --cut-after N      reset the connection after N bytes from the server
  --cut-up-after N   the same for bytes from the client
  --fin              end with an orderly close instead of a reset
  --stall-after N    after N bytes from the server pass nothing on, but stay connected
  --skip K --only K  cuts and stalls leave out the first K connections, and hit at most K (default: all)
  --stats FILE       at SIGTERM: JSON with connections, bytes each way, cuts, stalls

It passes bytes on as they are, TLS included."""
import argparse
import asyncio
import json
import signal
import socket
import struct

PIECE = 256 * 1024


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, number):
        self.proxy = proxy
        self.options = proxy.options
        n = number - self.options.skip
        self.faulty = n > 0 and (not self.options.only or n <= self.options.only)
        self.writers = []

    async def run(self, reader, writer):
        await asyncio.sleep(self.options.delay / 1000)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.options.to, limit=PIECE)
        self.writers = [writer, there_writer]
        for w in self.writers:
            w.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        o = self.options
        await asyncio.gather(self.pump("up", reader, there_writer, o.cut_up_after, 0),
                             self.pump("down", there_reader, writer, o.cut_after, o.stall_after))

    async def pump(self, way, reader, writer, cut, stall):
        """Reads at once and writes when it is time, so that a delay does not become a bandwidth limit."""
        queue = asyncio.Queue(256)
        sender = asyncio.ensure_future(self.send(way, queue, writer, cut, stall))
        clock = asyncio.get_running_loop().time
        size = min(PIECE, self.options.rate // 20 + 1) if self.options.rate else PIECE
        try:
            while not sender.done():
                data = await reader.read(size)
                await queue.put((clock() + self.options.delay / 1000, data))
                if not data:
                    break
        except OSError:
            await queue.put((clock(), b""))
        await sender

    async def send(self, way, queue, writer, cut, stall):
        clock = asyncio.get_running_loop().time
        free_at = sent = 0
        while True:
            at, data = await queue.get()
            wait = max(at, free_at) - clock()
            if wait > 0:
                await asyncio.sleep(wait)
            if not data:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            if self.options.rate:
                free_at = max(free_at, clock()) + len(data) / self.options.rate
            limit = (cut or stall) if self.faulty else 0
            if limit and sent + len(data) >= limit:
                data = data[:limit - sent]
            writer.write(data)
            await writer.drain()
            sent += len(data)
            self.proxy.stats[way] += len(data)
            if limit and sent >= limit:
                await self.fault(bool(cut))

    async def fault(self, cut):
        if not cut:
            self.proxy.stats["stalls"] += 1
            await asyncio.Event().wait()
        self.proxy.stats["cuts"] += 1
        await asyncio.sleep(0.02)  # what was passed on arrives before the reset
        self.close(reset=not self.options.fin)
        raise ConnectionResetError("cut")

    def close(self, reset=False):
        for w in self.writers:
            if reset:
                w.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                w.transport.abort()
            else:
                w.close()


class Proxy:
    def __init__(self, options):
        self.options = options
        self.stats = dict(connections=0, up=0, down=0, cuts=0, stalls=0)

    async def serve(self, reader, writer):
        self.stats["connections"] += 1
        link = Link(self, self.stats["connections"])
        link.writers = [writer]
        try:
            await link.run(reader, writer)
        except OSError:
            pass
        finally:
            link.close()

    async def run(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", self.options.listen, limit=PIECE, backlog=100)
        end = asyncio.Event()
        for s in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(s, end.set)
        print("PORT=%d" % server.sockets[0].getsockname()[1], flush=True)
        await end.wait()
        if self.options.stats:
            with open(self.options.stats, "w") as f:
                json.dump(self.stats, f)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--to", type=int, required=True)
    for name in ("listen", "rate", "cut-after", "cut-up-after", "stall-after", "skip", "only"):
        p.add_argument("--" + name, type=int, default=0)
    p.add_argument("--delay", type=float, default=0)
    p.add_argument("--fin", action="store_true")
    p.add_argument("--stats")
    asyncio.run(Proxy(p.parse_args()).run())


if __name__ == "__main__":
    main()
