package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// A transaction, as far as this check reads it.
type transaction struct {
	Type   string
	Ledger string
	Signer string
	Body   struct {
		Origin       string
		OperatorKey  string
		SequencerKey string
		PublicKey    string
	}
}

// accounts are the keys that the log has named so far.
type accounts struct {
	offered map[string]string // account to vkey, as the file has them
	named   map[string]note.Verifier
}

// Verifier finds a key for note.Open.
func (a *accounts) Verifier(name string, hash uint32) (note.Verifier, error) {
	if verifier := a.named[name]; verifier != nil && verifier.KeyHash() == hash {
		return verifier, nil
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

// admit takes an account's key from the file, once the log names that very key.
func (a *accounts) admit(account, publicKey string) error {
	vkey, found := a.offered[account]
	if !found || a.named[account] != nil {
		return fmt.Errorf("there is no key to add for %s", account)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	if keyOf(vkey) != publicKey {
		return fmt.Errorf("the log names another key of %s", account)
	}
	a.named[account] = verifier
	return nil
}

// keyOf is a vkey's public key in hex; the first byte is the type.
func keyOf(vkey string) string {
	parts := strings.SplitN(vkey, "+", 3)
	key, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(key) != 33 || key[0] != 1 {
		return ""
	}
	return hex.EncodeToString(key[1:])
}

// checkNotes opens the note in every entry, in order, with the keys that the log has named by then. Returns the number of
// signatures.
func checkNotes(exported *export, origin string, entries [][]byte) (int, error) {
	known := &accounts{offered: map[string]string{}, named: map[string]note.Verifier{}}
	for _, vkey := range exported.accounts {
		known.offered[strings.SplitN(vkey, "+", 2)[0]] = vkey
	}
	count := 0
	last := time.Time{}
	for index, entry := range entries {
		accepted, signed, err := splitEntry(entry)
		if err == nil && accepted.Before(last) {
			err = errors.New("it was accepted before the entry before")
		}
		signatures := 0
		if err == nil {
			signatures, err = checkNote(exported, known, origin, index, signed)
		}
		if err != nil {
			return 0, fmt.Errorf("entry %d: %v", index, err)
		}
		last = accepted
		count += signatures
	}
	if len(known.named) != len(exported.accounts) {
		return 0, fmt.Errorf("the log names %d keys, the file has %d", len(known.named), len(exported.accounts))
	}
	return count, nil
}

// splitEntry cuts off the acceptance line.
func splitEntry(entry []byte) (time.Time, []byte, error) {
	line, signed, found := bytes.Cut(entry, []byte("\n"))
	const form = "2006-01-02T15:04:05.000Z"
	accepted, err := time.Parse(form, string(line))
	if !found || err != nil || accepted.Format(form) != string(line) {
		return time.Time{}, nil, fmt.Errorf("its first line is %q", line)
	}
	return accepted, signed, nil
}

func checkNote(exported *export, known *accounts, origin string, index int, signed []byte) (int, error) {
	told := transaction{}
	line, _, _ := bytes.Cut(signed, []byte("\n"))
	if err := json.Unmarshal(line, &told); err != nil {
		return 0, err
	}
	if err := nameKeys(exported, known, index, told); err != nil {
		return 0, err
	}
	opened, err := note.Open(signed, known)
	if err != nil {
		return 0, err
	}
	if opened.Text != string(line)+"\n" {
		return 0, errors.New("its text is not one line")
	}
	if len(opened.UnverifiedSigs) != 0 || opened.Sigs[0].Name != told.Signer {
		return 0, errors.New("it is not signed by its signer, or by somebody unknown besides")
	}
	if told.Ledger != origin {
		return 0, fmt.Errorf("it is of the ledger %q", told.Ledger)
	}
	return len(opened.Sigs), nil
}

// nameKeys takes note of the keys that a transaction names: of the log and its operator, or of a new account.
func nameKeys(exported *export, known *accounts, index int, told transaction) error {
	if (index == 0) != (told.Type == "ledger.genesis") {
		return fmt.Errorf("it is of the type %s", told.Type)
	}
	switch told.Type {
	case "ledger.genesis":
		if told.Body.SequencerKey != keyOf(exported.logKey) {
			return errors.New("the genesis names another key of the log")
		}
		return known.admit(told.Signer, told.Body.OperatorKey)
	case "account.open":
		return known.admit(told.Signer, told.Body.PublicKey)
	}
	return nil
}
