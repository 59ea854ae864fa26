"""A provider of mail for tests: aiosmtpd, which takes what comes, but for what the number of the reader stands for.

A reader is reader-NUMBER@mail.example.com. Of a hundred, five are told to come back later the first time, and one doesn't
exist. Of a thousand, one's connection breaks off the first time before the message is taken, and one's after it, before
anybody says so. Each line of the log is: nanoseconds, what happened, the number.
"""

import asyncio
import sys
import time

from aiosmtpd.smtp import SMTP

LOG = open(sys.argv[1], "w", buffering=1)


def note(what, number):
    LOG.write(f"{time.time_ns()} {what} {number}\n")


class Provider:
    def __init__(self):
        self.seen = set()

    def first(self, number):
        if number in self.seen:
            return False
        self.seen.add(number)
        return True

    async def handle_RCPT(self, server, session, envelope, address, options):
        number = int(address.split("@")[0].split("-")[1])
        envelope.number = number
        envelope.rcpt_tos.append(address)
        note("came", number)
        if number % 100 == 7:
            note("refused", number)
            return "550 5.1.1 no such mailbox"
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        number = envelope.number
        if number % 20 == 3 and self.first(number):
            note("deferred", number)
            return "451 4.3.0 come back later"
        if number % 1000 == 250 and self.first(number):
            note("broken", number)
            server.transport.abort()
            return "421 4.3.0 gone"
        note("taken", number)
        if number % 1000 == 500 and self.first(number):
            note("unsaid", number)
            server.transport.abort()
        return f"250 2.0.0 taken as {number}"


async def main():
    provider = Provider()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(provider, hostname="provider.example", loop=loop, timeout=600), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started it holds the other end, and lets go of it when it ends, however it ends.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
