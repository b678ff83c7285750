package main

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// turns are the indexes and sizes around which the shape of a tree changes, as far as they are below the size.
func turns(size int64) []int64 {
	found := []int64{}
	known := map[int64]bool{}
	for _, n := range []int64{0, 1, 2, 3, 127, 128, 254, 255, 256, 257, 510, 511, 512, 513, size / 2, size - 2, size - 1} {
		if n >= 0 && n < size && !known[n] {
			known[n] = true
			found = append(found, n)
		}
	}
	return found
}

// checkInclusion proves entries from the tiles, and that a proof holds for its own index and entry alone.
func checkInclusion(tree tlog.Tree, tiles tlog.HashReader, entries [][]byte) (int, error) {
	for _, index := range turns(tree.N) {
		proof, err := tlog.ProveRecord(tree.N, index, tiles)
		if err != nil {
			return 0, fmt.Errorf("proving entry %d: %v", index, err)
		}
		leaf := tlog.RecordHash(entries[index])
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf); err != nil {
			return 0, fmt.Errorf("the proof of entry %d: %v", index, err)
		}
		other := (index + 1) % tree.N
		if other != index && tlog.CheckRecord(proof, tree.N, tree.Hash, other, leaf) == nil {
			return 0, fmt.Errorf("the proof of entry %d holds for entry %d", index, other)
		}
		leaf[0] ^= 1
		if tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf) == nil {
			return 0, fmt.Errorf("the proof of entry %d holds for another entry", index)
		}
	}
	return len(turns(tree.N)), nil
}

// checkOwnHistory proves that the tree contains its own earlier ones.
func checkOwnHistory(tree tlog.Tree, tiles tlog.HashReader) (int, error) {
	count := 0
	for _, size := range turns(tree.N) {
		if size == 0 {
			continue
		}
		root, err := tlog.TreeHash(size, tiles)
		if err != nil {
			return 0, err
		}
		if err := checkConsistency(tree, tiles, tlog.Tree{N: size, Hash: root}); err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}

// checkConsistency proves the older tree from the newer one's tiles.
func checkConsistency(tree tlog.Tree, tiles tlog.HashReader, older tlog.Tree) error {
	proof, err := tlog.ProveTree(tree.N, older.N, tiles)
	if err != nil {
		return fmt.Errorf("proving size %d: %v", older.N, err)
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("the proof of size %d: %v", older.N, err)
	}
	older.Hash[0] ^= 1
	if tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash) == nil {
		return fmt.Errorf("the proof of size %d holds for another root", older.N)
	}
	return nil
}

// checkGrowth proves for every two logs of one key that the longer contains what the checkpoint of the shorter was signed over.
func checkGrowth(logs []*logView) bool {
	count, sound := 0, true
	for _, newer := range logs {
		for _, older := range logs {
			if older.key != newer.key || older.tree.N >= newer.tree.N || older.tree.N == 0 {
				continue
			}
			if err := checkConsistency(newer.tree, newer.tiles, older.tree); err != nil {
				fmt.Printf("REFUSED  %s does not contain %s: %v\n", newer.name, older.name, err)
				sound = false
			}
			count++
		}
	}
	if sound {
		fmt.Printf("ok       %d consistency proofs between checkpoints\n", count)
	}
	return sound
}
