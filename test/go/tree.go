package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// C2SP tiles are 256 hashes wide.
const tileHeight = 8

// openCheckpoint opens the note and reads its text: tlog.ParseTree wants another first line.
func openCheckpoint(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != 1 {
		return tlog.Tree{}, errors.New("it is not signed by the log")
	}
	for _, other := range opened.UnverifiedSigs {
		// For a time after a change of its key the log signs with the one before too, in the same name.
		if other.Name != verifier.Name() {
			return tlog.Tree{}, errors.New("it is not signed by the log alone")
		}
	}
	// note.Open takes base64 with stray bits.
	if _, err := base64.StdEncoding.Strict().DecodeString(opened.Sigs[0].Base64); err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, errors.New("its text is not three lines")
	}
	if lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("its origin is %q, and its key is %q", lines[0], verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("its size is %q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("its root is %q", lines[2])
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// checkEmpty compares the root with SHA-256(""). tlog refuses or panics at size 0, and older versions of it have another root
// there.
func checkEmpty(tree tlog.Tree) error {
	if tree.Hash != tlog.Hash(sha256.Sum256(nil)) {
		return fmt.Errorf("the root of the empty tree is %v", tree.Hash)
	}
	return nil
}

// c2spPath is the path of a tile in C2SP's layout: x/mod's without the height, and with another word for entries.
func c2spPath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// exportedTiles lists the tiles of a tree in their final width, without those that it had on its way there.
func exportedTiles(size int64) []tlog.Tile {
	widest := map[tlog.Tile]tlog.Tile{}
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		place := tlog.Tile{H: tile.H, L: tile.L, N: tile.N}
		if tile.W > widest[place].W {
			widest[place] = tile
		}
	}
	tiles := []tlog.Tile{}
	for _, tile := range widest {
		tiles = append(tiles, tile)
	}
	sort.Slice(tiles, func(i, j int) bool {
		return tiles[i].L < tiles[j].L || tiles[i].L == tiles[j].L && tiles[i].N < tiles[j].N
	})
	return tiles
}

// checkFileNames demands the files that a tree of this size has, and no others.
func checkFileNames(files map[string][]byte, size int64) error {
	wanted := map[string]bool{"checkpoint": true}
	for _, tile := range exportedTiles(size) {
		wanted[c2spPath(tile)] = true
		if tile.L == 0 {
			wanted[c2spPath(tlog.Tile{H: tile.H, L: -1, N: tile.N, W: tile.W})] = true
		}
	}
	for name := range wanted {
		if _, found := files[name]; !found {
			return fmt.Errorf("%s is missing", name)
		}
	}
	for name := range files {
		if !wanted[name] {
			return fmt.Errorf("%s is not of a tree of size %d", name, size)
		}
	}
	return nil
}

// fileTiles lets tlog read our tiles.
type fileTiles struct {
	files map[string][]byte
}

func (f *fileTiles) Height() int { return tileHeight }

func (f *fileTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		found, ok := f.files[c2spPath(tile)]
		if !ok {
			return nil, fmt.Errorf("%s is missing", c2spPath(tile))
		}
		data[i] = found
	}
	return data, nil
}

func (f *fileTiles) SaveTiles([]tlog.Tile, [][]byte) {}

// checkRoot hashes the root from the tiles, which the reader authenticates against the very root that was signed.
func checkRoot(tree tlog.Tree, tiles tlog.HashReader) error {
	root, err := tlog.TreeHash(tree.N, tiles)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the tiles hash to %v, the checkpoint says %v", root, tree.Hash)
	}
	return nil
}

// readEntries takes the bundles apart.
func readEntries(files map[string][]byte, size int64) ([][]byte, error) {
	entries := [][]byte{}
	for _, tile := range exportedTiles(size) {
		if tile.L != 0 {
			continue
		}
		path := c2spPath(tlog.Tile{H: tile.H, L: -1, N: tile.N, W: tile.W})
		rest := files[path]
		for i := 0; i < tile.W; i++ {
			if len(rest) < 2 || len(rest) < 2+int(rest[0])<<8+int(rest[1]) {
				return nil, fmt.Errorf("%s ends within entry %d", path, i)
			}
			end := 2 + int(rest[0])<<8 + int(rest[1])
			entries = append(entries, rest[2:end])
			rest = rest[end:]
		}
		if len(rest) != 0 {
			return nil, fmt.Errorf("%s goes on after its %d entries", path, tile.W)
		}
	}
	return entries, nil
}

// checkLeaves compares the entries with the leaves of the tree, a tile at a time: the reader authenticates a tile whenever it is
// asked for something in it.
func checkLeaves(tiles tlog.HashReader, entries [][]byte) error {
	const width = 1 << tileHeight
	for first := 0; first < len(entries); first += width {
		indexes := []int64{}
		for index := first; index < len(entries) && index < first+width; index++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, int64(index)))
		}
		leaves, err := tiles.ReadHashes(indexes)
		if err != nil {
			return fmt.Errorf("leaves from %d on: %v", first, err)
		}
		for i, leaf := range leaves {
			if leaf != tlog.RecordHash(entries[first+i]) {
				return fmt.Errorf("entry %d is not the leaf of the tree", first+i)
			}
		}
	}
	return nil
}

// checkTiles builds the tree from the entries, and compares the root that was signed and every byte of every tile. The reader
// alone is not enough: where several nodes of the tree's right edge are in one tile, tlog (0.7.0) leaves as many of the other
// tiles unchecked.
func checkTiles(files map[string][]byte, tree tlog.Tree, tiles tlog.HashReader, entries [][]byte) error {
	stored := []tlog.Hash{}
	built := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for index, entry := range entries {
		hashes, err := tlog.StoredHashes(int64(index), entry, built)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	if err := checkLeaves(tiles, entries); err != nil {
		return err
	}
	if err := checkRoot(tree, built); err != nil {
		return fmt.Errorf("over the entries: %v", err)
	}
	for _, tile := range exportedTiles(tree.N) {
		data, err := tlog.ReadTileData(tile, built)
		if err != nil {
			return err
		}
		if !bytes.Equal(data, files[c2spPath(tile)]) {
			return fmt.Errorf("%s is not what the entries hash to", c2spPath(tile))
		}
	}
	return nil
}
