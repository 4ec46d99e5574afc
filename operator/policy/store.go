package policy

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	fastjson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/atoll-platform/atoll/internal/grant"
)

// Names of what is kept in the folder.
const (
	snapshotFile  = "snapshot.jsonl"
	confirmedFile = "confirmed.json"
	// format of the files; another one is not read.
	format = 1
)

// header is the first line of the snapshot's file; a line for each person follows.
type header struct {
	Format int           `json:"format"`
	Digest string        `json:"digest"`
	People int           `json:"people"`
	Tables []Conflicting `json:"tables"`
}

type line struct {
	Person string       `json:"person"`
	Atoms  []grant.Atom `json:"atoms"`
}

// confirmed says when the operator last said that the snapshot is what it compiled.
type confirmed struct {
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

// store keeps a snapshot in a folder.
type store struct{ folder string }

// save writes the snapshot so that either the old one or the new one is found, whatever happens.
func (st store) save(s *snapshot) error {
	err := st.replace(snapshotFile, func(w io.Writer) error {
		out := json.NewEncoder(w)
		if err := out.Encode(header{Format: format, Digest: s.digest, People: len(s.names), Tables: s.tables}); err != nil {
			return err
		}
		for _, name := range s.names {
			if err := out.Encode(line{Person: name, Atoms: s.people[name].atoms}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = st.endJournal()
	}
	if err != nil {
		return fmt.Errorf("keeping the snapshot: %w", err)
	}
	return nil
}

// load reads the snapshot back and proves by its digest that it is what was saved. Without a file it is empty.
func (st store) load() (*snapshot, confirmed, error) {
	loaded, err := st.loadWhole()
	if err == nil {
		err = st.replay(loaded)
	}
	if err != nil {
		return newSnapshot(), confirmed{}, err
	}
	if c := st.lastConfirmed(); c.Digest == loaded.digest {
		return loaded, c, nil
	}
	return loaded, confirmed{}, nil // nobody has confirmed this one
}

// lastConfirmed is zero where nothing can be read.
func (st store) lastConfirmed() (c confirmed) {
	raw, err := os.ReadFile(filepath.Join(st.folder, confirmedFile))
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return confirmed{}
	}
	return c
}

// loadWhole reads the snapshot as it was last written in whole.
func (st store) loadWhole() (*snapshot, error) {
	file, err := os.Open(filepath.Join(st.folder, snapshotFile))
	if errors.Is(err, fs.ErrNotExist) {
		return newSnapshot(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the snapshot: %w", err)
	}
	defer func() { _ = file.Close() }()
	loaded, err := decodeSnapshot(file)
	if err != nil {
		return nil, fmt.Errorf("reading the snapshot %s: %w", file.Name(), err)
	}
	return loaded, nil
}

// decodeSnapshot reads what save writes.
func decodeSnapshot(r io.Reader) (*snapshot, error) {
	in := jsontext.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	var head header
	if err := fastjson.UnmarshalDecode(in, &head); err != nil {
		return nil, err
	}
	if head.Format != format {
		return nil, fmt.Errorf("its format is %d, and %d is wanted", head.Format, format)
	}
	all := Push{Set: map[string][]grant.Atom{}, Tables: &head.Tables}
	for {
		var l line
		err := fastjson.UnmarshalDecode(in, &l)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		all.Set[l.Person] = l.Atoms
	}
	s := newSnapshot()
	if err := s.apply(all); err != nil {
		return nil, err
	}
	if s.digest != head.Digest || len(s.names) != head.People {
		return nil, fmt.Errorf("it is damaged: it holds %d people with the digest %s, and says %d with %s", len(s.names), s.digest, head.People, head.Digest)
	}
	return s, nil
}

// confirm notes when the operator last spoke.
func (st store) confirm(c confirmed) error {
	err := st.replace(confirmedFile, func(w io.Writer) error { return json.NewEncoder(w).Encode(c) })
	if err != nil {
		return fmt.Errorf("keeping when the snapshot was confirmed: %w", err)
	}
	return nil
}

// keep writes a small file.
func (st store) keep(name string, content []byte) error {
	return st.replace(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// replace writes a file aside and puts it in place once it is on the disk.
func (st store) replace(name string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(st.folder, name+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	out := bufio.NewWriterSize(file, 1<<20)
	if err = write(out); err != nil {
		return err
	}
	if err = out.Flush(); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), filepath.Join(st.folder, name)); err != nil {
		return err
	}
	folder, err := os.Open(st.folder)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	return folder.Sync()
}
