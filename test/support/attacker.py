"""Who has a shell on the database and knows how the log is made: drops the triggers, changes what they like, and computes every
hash anew that no key signs. Written from docs/audit.md alone, so that it is a second implementation of the tree too."""
import base64
import hashlib
import sqlite3
import struct

import psycopg

STORED_LEVEL = 4
COLUMNS = ("position", "event_id", "user_id", "task_id", "type", "payload", "created_at", "sequence", "actor")


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry, content):
    data = b"\x01" + struct.pack(">4q", entry["position"], entry["created_at"], entry["task_id"], entry["sequence"])
    for name in ("event_id", "type", "user_id", "actor"):
        text = entry[name].encode()
        data += struct.pack(">I", len(text)) + text
    return sha256(b"\x00" + data + content)


def levels_of(leaves):
    """All complete subtrees: {(level, number): hash}."""
    nodes, level, row = {}, 0, list(leaves)
    while row:
        nodes |= {(level, number): value for number, value in enumerate(row)}
        row = [sha256(b"\x01" + row[i] + row[i + 1]) for i in range(0, len(row) - 1, 2)]
        level += 1
    return nodes


def root_of(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:]))


def sqlite_shell(file):
    db = sqlite3.connect(file, isolation_level=None)
    db.row_factory = sqlite3.Row
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f'DROP TRIGGER "{name}"')
    return db


class PostgresShell:
    """A superuser's, as sqlite3's connection is used here."""

    def __init__(self, url):
        self._connection = psycopg.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row)
        for table in ("task_events", "audit_leaves", "audit_nodes", "audit_checkpoints"):
            self._connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")

    def execute(self, sql, values=()):
        return self._connection.execute(sql.replace("?", "%s"), self._stored(values))

    def executemany(self, sql, rows):
        with self._connection.cursor() as cursor:
            cursor.executemany(sql.replace("?", "%s"), [self._stored(values) for values in rows])

    def close(self):
        self._connection.close()

    @staticmethod
    def _stored(values):
        return [v.replace("\0", "\x01") if isinstance(v, str) else v for v in values]   # PostgreSQL's text holds no NUL


class Attacker:
    def __init__(self, server):
        url = server.database_url
        self.db = sqlite_shell(url.removeprefix("sqlite:")) if url.startswith("sqlite:") else PostgresShell(url)

    def entries(self):
        return [dict(row) for row in self.db.execute(f"SELECT {', '.join(COLUMNS)} FROM task_events ORDER BY position")]

    def leaves(self):
        return {row["position"]: dict(row) for row in self.db.execute("SELECT position, salt, content, tag FROM audit_leaves")}

    def set_entry(self, position, **columns):
        for name, value in columns.items():
            self.db.execute(f"UPDATE task_events SET {name} = ? WHERE position = ?", (value, position))

    def shift(self, first, by):
        """Moves the entries from `first` on, and all that is stored beside them."""
        for table in ("task_events", "audit_leaves"):
            self.db.execute(f"UPDATE {table} SET position = -position WHERE position >= ?", (first,))
            self.db.execute(f"UPDATE {table} SET position = -position + ? WHERE position < 0", (by,))

    def remove(self, position):
        for table in ("task_events", "audit_leaves"):
            self.db.execute(f"DELETE FROM {table} WHERE position = ?", (position,))

    def insert(self, position, tag, columns):
        self.db.execute(f"INSERT INTO task_events ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",
                        [position if c == "position" else columns[c] for c in COLUMNS])
        self.db.execute("INSERT INTO audit_leaves (position, salt, content, tag) VALUES (?, ?, '', ?)",
                        (position, base64.b64encode(b"attackers' salt!").decode(), tag))

    def swap(self, a, b, tables=("task_events", "audit_leaves")):
        for table in tables:
            for old, new in ((a, -1), (b, a), (-1, b)):
                self.db.execute(f"UPDATE {table} SET position = ? WHERE position = ?", (new, old))

    def cut_off(self, size):
        for table, column in (("task_events", "position"), ("audit_leaves", "position"), ("audit_checkpoints", "size")):
            self.db.execute(f"DELETE FROM {table} WHERE {column} > ?", (size,))

    def compute_hashes(self):
        """Contents, and every node, as they would be had the log always been so."""
        stored, hashes = self.leaves(), []
        for entry in self.entries():
            leaf = stored.get(entry["position"])
            if leaf is None:
                break
            content = base64.b64decode(leaf["content"]) if leaf["content"] else b""
            if entry["payload"] is not None and leaf["salt"] is not None:
                content = sha256(base64.b64decode(leaf["salt"]) + entry["payload"].encode())
                self.db.execute("UPDATE audit_leaves SET content = ? WHERE position = ?",
                                (base64.b64encode(content).decode(), entry["position"]))
            hashes.append(leaf_hash(entry, content))
        self.db.execute("DELETE FROM audit_nodes")
        self.db.executemany("INSERT INTO audit_nodes (level, number, hash) VALUES (?, ?, ?)",
                            [(level, number, base64.b64encode(value).decode()) for (level, number), value in levels_of(hashes).items()
                             if level >= STORED_LEVEL])
        return hashes

    def close(self):
        self.db.close()
