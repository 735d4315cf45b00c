# SPDX-License-Identifier: AGPL-3.0-or-later
"""kill_after.py N PROGRAM ARGUMENT...: a plugin between strfry and PROGRAM, which kills strfry once PROGRAM has answered the Nth request.

That answer never reaches strfry: what was asked in one batch is accepted here, and not committed there.
"""
import os
import signal
import subprocess
import sys

left = int(sys.argv[1])
parent = os.getppid()
plugin = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for line in sys.stdin.buffer:
    plugin.stdin.write(line)
    plugin.stdin.flush()
    answer = plugin.stdout.readline()
    left -= 1
    if left == 0:
        os.kill(parent, signal.SIGKILL)
        break
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
plugin.stdin.close()
plugin.wait()
