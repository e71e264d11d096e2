"""OpenStack's own command line with its start-up done once: reads a JSON list of arguments a line, answers with a JSON
object {code, stdout, stderr} a line. Each command runs in a process of its own, forked after the imports."""

import json
import os
import sys
import tempfile
import traceback

from openstackclient import shell
import keystoneauth1.loading  # noqa: F401
import openstack.connection  # noqa: F401
from stevedore import ExtensionManager

# What the command line finds and imports at its start anyway.
for group in ("keystoneauth1.plugin", "openstack.cli", "openstack.cli.base"):
    ExtensionManager(group, on_load_failure_callback=lambda *ignored: None)


def run(words):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                null = os.open(os.devnull, os.O_RDONLY)
                for number, target in ((null, 0), (out.fileno(), 1), (err.fileno(), 2)):
                    os.dup2(number, target)
                sys.stdin = open(0, closefd=False)
                sys.stdout = open(1, "w", closefd=False)
                sys.stderr = open(2, "w", closefd=False)
                sys.argv = ["openstack", *words]
                code = shell.main(words)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code or 0)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "stdout": out.read().decode(errors="replace"),
            "stderr": err.read().decode(errors="replace"),
        }


print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
