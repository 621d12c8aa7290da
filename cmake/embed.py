"""Writes a C++ file with the bytes of FILES: embed.py OUT NAME FILES… A .yaml file is embedded as JSON, named .json."""
import hashlib
import json
import os
import sys

out, name, files = sys.argv[1], sys.argv[2], sys.argv[3:]
entries = []
for path in files:
    base = os.path.basename(path)
    if base.endswith(".yaml"):
        import yaml
        with open(path, encoding="utf-8") as f:
            data = json.dumps(yaml.safe_load(f), ensure_ascii=False, separators=(",", ":"), default=str).encode()
        base = base[:-5] + ".json"
    else:
        with open(path, "rb") as f:
            data = f.read()
    # Short literals, joined by the compiler: octal escapes end after three digits.
    lines = []
    for i in range(0, len(data), 96):
        chunk = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in data[i:i + 96])
        lines.append(f'"{chunk}"')
    body = "\n".join(lines) or '""'
    entries.append(f'{{"{base}", std::string_view({body}, {len(data)}), "{hashlib.sha256(data).hexdigest()[:32]}"}}')
text = ('#include "carillon/embedded.hpp"\n\nnamespace carillon::embedded {\n'
        f"const std::vector<File>& {name}() {{\n    static const std::vector<File> files{{{','.join(entries)}}};\n    return files;\n}}\n}}\n")
os.makedirs(os.path.dirname(out), exist_ok=True)
with open(out, "w", encoding="utf-8") as f:
    f.write(text)
