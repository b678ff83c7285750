// Check verifies exported logs with golang.org/x/mod alone: its notes, its tree and its tiles, which nobody here wrote.
//
//	check FOLDER...        every log must be sound, and logs of one origin must be one growing log
//	check -flip FOLDER...  with the lowest bit of any one byte changed, no log may pass
//	check -hub PROGRAM...  what the program serves over HTTP must be sound, at each size that its log grows to
//
// A folder holds what make-fixtures.ts writes: log/, log.vkey and accounts.vkeys. Exit code: 0 as demanded, 1 not so, 2 not run.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// An export is a folder in memory, so that a byte of it is easily changed.
type export struct {
	name     string
	files    map[string][]byte // below log/
	logKey   string
	accounts []string
}

func main() {
	flip := flag.Bool("flip", false, "change every byte, one at a time: none may pass")
	hub := flag.Bool("hub", false, "check what a program serves over HTTP")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: check [-flip] FOLDER... | check -hub PROGRAM...")
		os.Exit(2)
	}
	if *hub {
		if err := checkServed(flag.Args()); err != nil {
			fmt.Printf("REFUSED  %v\n", err)
			os.Exit(1)
		}
		return
	}
	sound := true
	logs := []*logView{}
	for _, folder := range flag.Args() {
		exported, err := readExport(folder)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if *flip {
			sound = flipAll(exported) && sound
			continue
		}
		view, err := checkExport(exported)
		if err != nil {
			fmt.Printf("REFUSED  %s: %v\n", exported.name, err)
			sound = false
			continue
		}
		fmt.Printf("ok       %s: %s\n", exported.name, view.summary)
		logs = append(logs, view)
	}
	if !*flip {
		sound = checkGrowth(logs) && sound
	}
	if !sound {
		os.Exit(1)
	}
}

func readExport(folder string) (*export, error) {
	exported := &export{name: filepath.Base(folder), files: map[string][]byte{}}
	root := filepath.Join(folder, "log")
	err := filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		exported.files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, err
	}
	logKey, err := os.ReadFile(filepath.Join(folder, "log.vkey"))
	if err != nil {
		return nil, err
	}
	accounts, err := os.ReadFile(filepath.Join(folder, "accounts.vkeys"))
	exported.logKey = strings.TrimSpace(string(logKey))
	exported.accounts = strings.Fields(string(accounts))
	return exported, err
}

// A logView is a log that was found sound.
type logView struct {
	name    string
	tree    tlog.Tree
	origin  string
	key     string
	tiles   tlog.HashReader
	entries [][]byte
	summary string
}

// checkExport checks everything that one export claims.
func checkExport(exported *export) (*logView, error) {
	verifier, err := note.NewVerifier(exported.logKey)
	if err != nil {
		return nil, fmt.Errorf("log.vkey: %v", err)
	}
	tree, err := openCheckpoint(exported.files["checkpoint"], verifier)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %v", err)
	}
	view := &logView{name: exported.name, tree: tree, origin: verifier.Name(), key: exported.logKey}
	if err := checkFileNames(exported.files, tree.N); err != nil {
		return nil, err
	}
	if tree.N == 0 {
		view.summary = "an empty log, its root as RFC 6962 has it"
		return view, checkEmpty(tree)
	}
	view.tiles = tlog.TileHashReader(tree, &fileTiles{exported.files})
	if err := checkRoot(tree, view.tiles); err != nil {
		return nil, err
	}
	if view.entries, err = readEntries(exported.files, tree.N); err != nil {
		return nil, err
	}
	if err := checkTiles(exported.files, tree, view.tiles, view.entries); err != nil {
		return nil, err
	}
	proofs, err := checkInclusion(tree, view.tiles, view.entries)
	if err != nil {
		return nil, err
	}
	older, err := checkOwnHistory(tree, view.tiles)
	if err != nil {
		return nil, err
	}
	signatures, err := checkNotes(exported, view.origin, view.entries)
	if err != nil {
		return nil, err
	}
	view.summary = fmt.Sprintf("%d entries, %d signatures, %d inclusion proofs, %d consistency proofs",
		tree.N, signatures, proofs, older)
	return view, nil
}

// flipAll changes every byte of every file in turn, and reports those changes that were not noticed.
func flipAll(exported *export) bool {
	names := []string{}
	for name := range exported.files {
		names = append(names, name)
	}
	sort.Strings(names)
	tried, missed := 0, 0
	for _, name := range names {
		whole := exported.files[name]
		for at := range whole {
			changed := append([]byte{}, whole...)
			changed[at] ^= 1
			exported.files[name] = changed
			tried++
			if _, err := checkExport(exported); err == nil {
				fmt.Printf("ACCEPTED %s: byte %d of %s may change\n", exported.name, at, name)
				missed++
			}
		}
		exported.files[name] = whole
	}
	fmt.Printf("flipped  %s: %d bytes of %d files, one at a time; %d accepted\n", exported.name, tried, len(names), missed)
	return missed == 0 && tried > 0
}
