"""A server for scripts that look at it from outside: a data directory of its own, a free port, the sample layers that are asked for."""

import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def sample_loader():
    spec = importlib.util.spec_from_file_location("load", ROOT / "data" / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Server:
    """`with Server(binary) as city:`; `city.url` is its address, without a slash at the end."""

    def __init__(self, binary):
        self.binary = str(Path(binary).resolve())

    def __enter__(self):
        os.environ.pop("DATABASE_URL", None)
        self.dir = Path(tempfile.mkdtemp(prefix="dothi-"))
        self.var, self.log = str(self.dir / "var"), self.dir / "log"
        self.process = subprocess.Popen([self.binary, "serve", "--data-dir", self.var, "--listen", "127.0.0.1:0"], cwd=ROOT,
                                        stdout=subprocess.PIPE, stderr=self.log.open("w"), text=True)
        self.url = self.process.stdout.readline().strip().rstrip("/")
        if not self.url:
            shutil.rmtree(self.dir, ignore_errors=True)
            raise SystemExit("the server did not start: " + self.log.read_text()[-2000:])
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, *words):
        """A command on the same data directory; what it prints."""
        done = subprocess.run([self.binary, *words, "--data-dir", self.var], stdout=subprocess.PIPE, text=True, cwd=self.dir)
        if done.returncode:
            raise SystemExit(f"`dothi {' '.join(words[:2])} …` ended with {done.returncode}")
        return done.stdout

    def samples(self, *ids):
        """Imports these layers of data/samples.json, while the server runs."""
        known = json.loads((ROOT / "data" / "samples.json").read_text(encoding="utf-8"))["samples"]
        sample_loader().load(self.binary, self.var, [s for s in known if s["id"] in ids])

    def file(self, name, geojson):
        """A file with this text."""
        file = self.dir / f"{name}.geojson"
        file.write_text(geojson, encoding="utf-8")
        return file

    def layer(self, file, layer, *more):
        self.run("import", str(file), "--layer", layer, *more, "--json")

    def key(self, *layers):
        """A key that may write these layers."""
        return json.loads(self.run("keys", "create", "--name", "thử nghiệm", "--layers", ",".join(layers), "--json"))["secret"]

    def postgres(self):
        """How a PostgreSQL client reaches the private cluster."""
        status = json.loads(self.run("db", "status", "--json"))
        return f"dbname='dothi' user='dothi' port=5432 host='{status['socket_dir']}' sslmode=disable"

    def complaints(self):
        """Lines of the log that no request may cause."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if " ERROR " in line or "panic" in line]


def environment(name, *packages):
    """A Python environment under target/peers with these packages, made once; the path of its `bin`."""
    here = ROOT / "target" / "peers" / name
    made = here / "packages"
    if not made.exists() or made.read_text() != "\n".join(packages):
        print(f"installing {' '.join(packages)}", flush=True)
        venv.create(here, with_pip=True, clear=True)
        subprocess.run([here / "bin" / "pip", "install", "--quiet", *packages], check=True)
        made.write_text("\n".join(packages))
    return here / "bin"
