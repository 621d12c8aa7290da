"""A small load balancer: each new connection goes to the next backend that takes it. It passes bytes, so WebSockets too.

    proxy.py PORT BACKEND…      listens on 127.0.0.1:PORT; a backend is HOST:PORT
"""
import asyncio
import sys


async def pour(reader, writer):
    try:
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


class Proxy:
    def __init__(self, backends):
        self._backends = backends
        self._next = 0

    async def connect(self):
        """A connection to the first backend that is there, starting behind the one that had its turn; None: none is."""
        for _ in self._backends:
            host, port = self._backends[self._next % len(self._backends)].split(":")
            self._next += 1
            try:
                return await asyncio.open_connection(host, int(port))
            except OSError:
                continue
        return None

    async def serve(self, reader, writer):
        found = await self.connect()
        if not found:
            writer.close()
            return
        await asyncio.gather(pour(reader, found[1]), pour(found[0], writer))


async def main():
    proxy = Proxy(sys.argv[2:])
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
