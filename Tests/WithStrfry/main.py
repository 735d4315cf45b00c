# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs histories with real relays; started by scripts/with-strfry."""
import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback

import histories
from relay import Failed, Relay, Signer


class Stage:
    """The relays of one history."""

    def __init__(self, folder, strfry, program, signer):
        self.folder, self.strfry, self.program, self.signer = folder, strfry, program, signer
        self.relays = []

    def relay(self, name, others=(), more=None):
        nodes = [self.signer.pubkey(other) for other in others]
        self.relays.append(Relay(name, self.folder, self.strfry, self.program, self.signer, nodes, more))
        return self.relays[-1]

    def plain(self, name):
        """A relay without a policy, which stores whatever anybody publishes."""
        self.relays.append(Relay(name, self.folder, self.strfry))
        return self.relays[-1]

    def close(self):
        for relay in self.relays:
            relay.stop()

    def print_logs(self):
        for relay in self.relays:
            relay.log.flush()
            with open(os.path.join(relay.folder, "log"), errors="replace") as file:
                print(f"---- log of {relay.name}", file=sys.stderr)
                for line in file:
                    print(f"{relay.name}: {line}", end="", file=sys.stderr)


def run(name, history, arguments, signer):
    folder = tempfile.mkdtemp(prefix=f"with-strfry-{name}-", dir=arguments.keep)
    stage = Stage(folder, arguments.strfry, arguments.program, signer)
    began = time.monotonic()
    try:
        figures, failure = history(stage), None
    except Failed as error:
        failure = str(error)
    except Exception:
        failure = traceback.format_exc()
    finally:
        stage.close()
    took = f"{time.monotonic() - began:.1f} s"
    if failure is None:
        print(f"ok      {name:24} {figures}, {took}", flush=True)
    else:
        print(f"failed  {name:24} {failure}, {took}", flush=True)
        stage.print_logs()
    if not arguments.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return failure is None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--strfry")
    parser.add_argument("--program")
    parser.add_argument("--laboratory")
    parser.add_argument("--two", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--keep")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if arguments.list:
        for name, history in histories.ALL.items():
            print(f"{name:24} {'two' if history in histories.TWO else 'one'}  {history.__doc__.splitlines()[0]}")
        return 0
    unknown = [name for name in arguments.only if name not in histories.ALL]
    if unknown:
        print(f"with-strfry: no history {', '.join(unknown)}; --list prints them", file=sys.stderr)
        return 2
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
    chosen = {
        name: history for name, history in histories.ALL.items()
        if (name in arguments.only if arguments.only else (history in histories.TWO) == arguments.two)
    }
    signer = Signer(arguments.laboratory)
    try:
        results = [run(name, history, arguments, signer) for name, history in chosen.items()]
    finally:
        signer.close()
    print(f"{sum(results)} of {len(results)} histories are ok", flush=True)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
