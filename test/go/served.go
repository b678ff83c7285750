package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A servedLog is what test/go/serve-hub.ts says of its hub, whenever that has a size at which it is to be checked.
type servedLog struct {
	URL      string
	Size     int64
	VKey     string
	Accounts []string
}

// checkServed starts the program, which serves a growing log, and checks over HTTP alone what is served at each of its sizes; at
// the end once more what was signed at every size before, since whoever got a checkpoint may ask for its tiles later.
func checkServed(command []string) error {
	program := exec.Command(command[0], command[1:]...)
	program.Stderr = os.Stderr
	answers, err := program.StdoutPipe()
	if err != nil {
		return err
	}
	turns, err := program.StdinPipe()
	if err != nil {
		return err
	}
	if err := program.Start(); err != nil {
		return err
	}
	earlier, err := followSizes(json.NewDecoder(bufio.NewReader(answers)), turns)
	turns.Close()
	if ended := program.Wait(); err == nil {
		err = ended
	}
	if err == nil && earlier < 10 {
		err = fmt.Errorf("only %d sizes were served", earlier)
	}
	return err
}

// followSizes asks for one size after the other, and returns how many there were.
func followSizes(answers *json.Decoder, turns io.Writer) (int, error) {
	seen := []seenLog{}
	logs := []*logView{}
	served := servedLog{}
	for {
		next := servedLog{}
		if err := answers.Decode(&next); errors.Is(err, io.EOF) {
			return 0, errors.New("the program ended before it said that there are no more sizes")
		} else if err != nil {
			return 0, err
		}
		if next.URL == "" {
			break
		}
		served = next
		signed, err := fetchCheckpoint(served.URL)
		if err != nil {
			return 0, err
		}
		fetched, err := fetchSize(served, signed)
		if err != nil {
			return 0, fmt.Errorf("at size %d: %v", served.Size, err)
		}
		view, err := checkExport(fetched)
		if err != nil {
			return 0, fmt.Errorf("at size %d: %v", served.Size, err)
		}
		fmt.Printf("ok       over HTTP: %s\n", view.summary)
		seen = append(seen, seenLog{served: served, checkpoint: signed, digests: digestsOf(fetched.files)})
		view.entries = nil
		logs = append(logs, view)
		if _, err := fmt.Fprintln(turns, "next"); err != nil {
			return 0, err
		}
	}
	if !checkGrowth(logs) {
		return 0, errors.New("what was signed at different sizes is not one log")
	}
	for _, earlier := range seen {
		if err := checkUnchanged(earlier); err != nil {
			return 0, fmt.Errorf("at size %d, asked for the tiles of size %d: %v", served.Size, earlier.served.Size, err)
		}
	}
	fmt.Printf("ok       over HTTP: the tiles of all %d sizes are served at size %d\n", len(logs), served.Size)
	if err := checkRefusals(served); err != nil {
		return 0, err
	}
	_, err := fmt.Fprintln(turns, "end")
	return len(logs), err
}

// A seenLog is what was served and found sound, for comparison.
type seenLog struct {
	served     servedLog
	checkpoint []byte
	digests    map[string][sha256.Size]byte
}

func digestsOf(files map[string][]byte) map[string][sha256.Size]byte {
	digests := map[string][sha256.Size]byte{}
	for path, body := range files {
		digests[path] = sha256.Sum256(body)
	}
	return digests
}

// checkUnchanged fetches what a checkpoint implies once more: it has to be, byte for byte, what was found sound when the log had
// that size.
func checkUnchanged(earlier seenLog) error {
	fetched, err := fetchSize(earlier.served, earlier.checkpoint)
	if err != nil {
		return err
	}
	if len(fetched.files) != len(earlier.digests) {
		return fmt.Errorf("%d files are served, and there were %d", len(fetched.files), len(earlier.digests))
	}
	for path, digest := range digestsOf(fetched.files) {
		if digest != earlier.digests[path] {
			return fmt.Errorf("%s has changed", path)
		}
	}
	return nil
}

// fetchSize fetches what a checkpoint implies, as an exported log has it.
func fetchSize(served servedLog, signed []byte) (*export, error) {
	verifier, err := note.NewVerifier(served.VKey)
	if err != nil {
		return nil, err
	}
	tree, err := openCheckpoint(signed, verifier)
	if err != nil {
		return nil, err
	}
	if tree.N != served.Size {
		return nil, fmt.Errorf("the checkpoint is of size %d", tree.N)
	}
	files := map[string][]byte{"checkpoint": signed}
	fetched := &export{name: served.URL, files: files, logKey: served.VKey, accounts: served.Accounts}
	for _, tile := range exportedTiles(tree.N) {
		if err := fetchTile(fetched, served.URL, tile); err != nil {
			return nil, err
		}
		if tile.L != 0 {
			continue
		}
		if err := fetchTile(fetched, served.URL, tlog.Tile{H: tile.H, L: -1, N: tile.N, W: tile.W}); err != nil {
			return nil, err
		}
	}
	return fetched, nil
}

// fetchTile puts a tile or bundle among the files. Once there is the full one, the partial one may be gone: then the full one
// begins like it.
func fetchTile(fetched *export, url string, tile tlog.Tile) error {
	path := c2spPath(tile)
	answer, err := get("GET", url, path, "gzip, identity")
	if err != nil {
		return err
	}
	if answer.status == http.StatusNotFound && tile.W < 1<<tileHeight {
		full := tile
		full.W = 1 << tileHeight
		if answer, err = get("GET", url, c2spPath(full), "gzip, identity"); err == nil {
			answer.body, err = beginningOf(tile, answer.body)
		}
		if err != nil {
			return err
		}
	}
	if err := answer.check(path, "application/octet-stream"); err != nil {
		return err
	}
	if !strings.Contains(answer.caching, "immutable") {
		return fmt.Errorf("%s has the Cache-Control %q, and never changes", path, answer.caching)
	}
	if err := checkForms(url, path, answer); err != nil {
		return err
	}
	fetched.files[path] = answer.body
	return nil
}

// beginningOf cuts a full tile or bundle to the width that a tree had.
func beginningOf(tile tlog.Tile, full []byte) ([]byte, error) {
	if tile.L >= 0 {
		return full[:tile.W*tlog.HashSize], nil
	}
	rest := full
	for i := 0; i < tile.W; i++ {
		if len(rest) < 2 || len(rest) < 2+int(rest[0])<<8+int(rest[1]) {
			return nil, fmt.Errorf("%s ends within entry %d", c2spPath(tile), i)
		}
		rest = rest[2+int(rest[0])<<8+int(rest[1]):]
	}
	return full[:len(full)-len(rest)], nil
}

// An answer, with its body unpacked.
type httpAnswer struct {
	status  int
	kind    string
	caching string
	length  int64
	packed  bool
	body    []byte
}

func (a *httpAnswer) check(path, kind string) error {
	if a.status != http.StatusOK {
		return fmt.Errorf("%s is answered with %d", path, a.status)
	}
	if a.kind != kind {
		return fmt.Errorf("%s is of the type %q", path, a.kind)
	}
	return nil
}

var client = &http.Client{
	Timeout: 30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("a log redirects nobody")
	},
}

// get asks for a resource. The header stops Go from unpacking by itself, so that what was packed is seen.
func get(method, url, path, encodings string) (*httpAnswer, error) {
	request, err := http.NewRequest(method, strings.TrimSuffix(url, "/")+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", encodings)
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	packed := response.Header.Get("Content-Encoding") == "gzip"
	if packed && len(body) > 0 {
		reader, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(reader); err != nil {
			return nil, err
		}
	}
	return &httpAnswer{
		status:  response.StatusCode,
		kind:    response.Header.Get("Content-Type"),
		caching: response.Header.Get("Cache-Control"),
		length:  response.ContentLength,
		packed:  packed,
		body:    body,
	}, nil
}

// fetchCheckpoint gets what the log shows now, which nobody may keep for long.
func fetchCheckpoint(url string) ([]byte, error) {
	answer, err := get("GET", url, "checkpoint", "gzip, identity")
	if err != nil {
		return nil, err
	}
	if err := answer.check("checkpoint", "text/plain; charset=utf-8"); err != nil {
		return nil, err
	}
	if strings.Contains(answer.caching, "immutable") || answer.caching == "" {
		return nil, fmt.Errorf("checkpoint has the Cache-Control %q", answer.caching)
	}
	return answer.body, checkForms(url, "checkpoint", answer)
}

// checkForms asks for the same without gzip, and for its head alone. A checkpoint may be another by then only if the log grew.
func checkForms(url, path string, answer *httpAnswer) error {
	plain, err := get("GET", url, path, "identity")
	if err != nil {
		return err
	}
	// Where the full tile stood in for a partial one that is gone, there is nothing to compare.
	if plain.status == http.StatusNotFound {
		return nil
	}
	if plain.packed || !bytes.Equal(plain.body, answer.body) {
		return fmt.Errorf("%s is another one without gzip", path)
	}
	head, err := get("HEAD", url, path, "identity")
	if err != nil {
		return err
	}
	if len(head.body) != 0 || head.status != plain.status || head.kind != plain.kind || head.caching != plain.caching {
		return fmt.Errorf("%s has another head than its own", path)
	}
	if head.length != -1 && head.length != int64(len(plain.body)) {
		return fmt.Errorf("%s has %d bytes and says %d", path, len(plain.body), head.length)
	}
	return nil
}

// checkRefusals asks for what no tree of this size has, and in ways that nothing is asked for.
func checkRefusals(served servedLog) error {
	beyond := served.Size >> tileHeight
	paths := []string{
		fmt.Sprintf("tile/0/%03d", beyond+1),
		fmt.Sprintf("tile/entries/%03d", beyond+1),
		fmt.Sprintf("tile/0/%03d.p/%d", beyond, served.Size&(1<<tileHeight-1)+1),
		fmt.Sprintf("tile/entries/%03d.p/%d", beyond, served.Size&(1<<tileHeight-1)+1),
		"tile/7/000", "tile/63/000", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/0", "tile/00/000", "tile/0/x000/000",
		"tile/entries", "tile", "tile/-1/000", "tile/0/000/", "tile/0/%2e%2e/000", "checkpoint/", "checkpoints",
	}
	for _, path := range paths {
		answer, err := get("GET", served.URL, path, "identity")
		if err != nil {
			return err
		}
		if answer.status != http.StatusNotFound && answer.status != http.StatusBadRequest {
			return fmt.Errorf("%s, which no log has, is answered with %d", path, answer.status)
		}
		if strings.Contains(answer.caching, "immutable") {
			return fmt.Errorf("%s is not there for ever: %q", path, answer.caching)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		answer, err := get(method, served.URL, "tile/0/000", "identity")
		if err != nil {
			return err
		}
		if answer.status != http.StatusMethodNotAllowed && answer.status != http.StatusNotFound {
			return fmt.Errorf("%s is answered with %d", method, answer.status)
		}
	}
	fmt.Printf("ok       over HTTP: %d requests for what is not there get nothing\n", len(paths)+3)
	return nil
}
