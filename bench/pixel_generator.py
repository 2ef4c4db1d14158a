"""Asks for pixels over connections that are kept. `python -m bench.pixel_generator` is a generator as
`bench.generating` describes it."""

import select
import socket
import time

from bench.generating import read_plan, tell, wait_for_go

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SILENCE = 30


def main() -> None:
    plan = read_plan()
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: t.bench.test\r\nUser-Agent: {AGENT}\r\n\r\n".encode() for path in plan["paths"]
    ]
    sockets = [socket.create_connection(("127.0.0.1", plan["port"])) for _ in range(plan["connections"])]
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wait_for_go()
    started = time.monotonic()
    answers, until = 0, started + plan["seconds"]
    with select.epoll() as poll:
        waiting = {one.fileno(): one for one in sockets}
        for turn, (number, one) in enumerate(waiting.items()):
            poll.register(number, select.EPOLLIN)
            one.sendall(requests[turn % len(requests)])
        while waiting:
            ready = poll.poll(SILENCE)
            if not ready:
                tell({"refused": f"nothing happened for {SILENCE} s"})
                return
            for number, _event in ready:
                answer = waiting[number].recv(65_536)
                # The image is small enough to come in one piece.
                if not answer.startswith(b"HTTP/1.1 200 ") or b"GIF89a" not in answer:
                    tell({"refused": answer[:200].decode(errors="replace")})
                    return
                answers += 1
                if time.monotonic() < until:
                    waiting[number].sendall(requests[answers % len(requests)])
                else:
                    del waiting[number]
                    poll.unregister(number)
    tell({"answers": answers, "elapsed": time.monotonic() - started})


if __name__ == "__main__":
    main()
