"""Coroutines: await, async for and with, asynchronous comprehensions and generators."""
import asyncio


async def ticks(n):
    for i in range(n):
        yield i
        await asyncio.sleep(0)


async def gather():
    found = [i async for i in ticks(3) if i]
    pairs = {i: await value(i) async for i in ticks(3)}
    lazy = (await value(i) async for i in ticks(2))
    async for item in lazy:
        found.append(item)
    else:
        found.clear()
    async with lock() as first, lock():
        found.append(await first)
    return found, pairs


async def value(i):
    return await asyncio.sleep(0, result=i)


def lock():
    return asyncio.Lock()


async def nothing():
    try:
        return await value(1)
    finally:
        await value(2)


class Server:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        return False

    def start(self):
        async def run():
            await self.serve()

        return run

    async def serve(self, *, timeout: float = 1.0):
        async with asyncio.timeout(timeout), self as me:
            await me


def synchronous():
    return (x for x in [1, 2, 3])


if __name__ == "__main__":
    asyncio.run(gather())
