// Holds Carillon's trees, proofs and checkpoints to golang.org/x/mod/sumdb's: reads what merkle_cases prints, one JSON object a
// line, and computes each root and proof itself. The first difference ends it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type tree struct {
	Leaves      []string `json:"leaves"` // their data
	Root        string   `json:"root"`
	Index       int64    `json:"index"`
	Inclusion   []string `json:"inclusion"`
	From        int64    `json:"from"`
	FromRoot    string   `json:"from_root"`
	Consistency []string `json:"consistency"`
	Key         string   `json:"key"`
	Note        string   `json:"note"`
}

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = s[index]
	}
	return out, nil
}

func text(hashes []tlog.Hash) []string {
	out := make([]string, len(hashes))
	for i, hash := range hashes {
		out[i] = hash.String()
	}
	return out
}

func parse(texts []string) []tlog.Hash {
	out := make([]tlog.Hash, len(texts))
	for i, t := range texts {
		hash, err := tlog.ParseHash(t)
		check(err, "a hash")
		out[i] = hash
	}
	return out
}

var line int

func check(err error, what string) {
	if err != nil {
		fmt.Printf("tree %d: %s: %v\n", line, what, err)
		os.Exit(1)
	}
}

func same(ours, theirs interface{}, what string) {
	if fmt.Sprint(ours) != fmt.Sprint(theirs) {
		check(fmt.Errorf("%v, but x/mod has %v", ours, theirs), what)
	}
}

func verify(t tree) {
	var hashes stored
	size := int64(len(t.Leaves))
	for i, data := range t.Leaves {
		more, err := tlog.StoredHashes(int64(i), []byte(data), hashes)
		check(err, "stored hashes")
		hashes = append(hashes, more...)
	}
	root, err := tlog.TreeHash(size, hashes)
	check(err, "root")
	same(t.Root, root, "root")
	fromRoot, err := tlog.TreeHash(t.From, hashes)
	check(err, "earlier root")
	same(t.FromRoot, fromRoot, "earlier root")

	record, err := tlog.ProveRecord(size, t.Index, hashes)
	check(err, "inclusion proof")
	same(t.Inclusion, text(record), "inclusion proof")
	check(tlog.CheckRecord(parse(t.Inclusion), size, root, t.Index, tlog.RecordHash([]byte(t.Leaves[t.Index]))), "inclusion")
	consistency, err := tlog.ProveTree(size, t.From, hashes)
	check(err, "consistency proof")
	same(t.Consistency, text(consistency), "consistency proof")
	check(tlog.CheckTree(parse(t.Consistency), size, root, t.From, fromRoot), "consistency")

	verifier, err := note.NewVerifier(t.Key)
	check(err, "key")
	opened, err := note.Open([]byte(t.Note), note.VerifierList(verifier))
	check(err, "checkpoint")
	same(opened.Text, verifier.Name()+"\n"+strconv.FormatInt(size, 10)+"\n"+root.String()+"\n", "checkpoint")
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	decoder := json.NewDecoder(in)
	for decoder.More() {
		var t tree
		line++
		check(decoder.Decode(&t), "JSON")
		verify(t)
	}
	fmt.Printf("%d trees agree\n", line)
	if len(os.Args) != 2 || strconv.Itoa(line) != os.Args[1] {
		os.Exit(1)
	}
}
