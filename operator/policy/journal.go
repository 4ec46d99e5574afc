package policy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// journalFile has the pushes since the snapshot was written in whole, each on a line of its own: so a push costs what it changes, and
	// not what there is.
	journalFile = "journal.jsonl"
	// shortJournal is how long it may be, in bytes, whatever the size of the snapshot.
	shortJournal = 1 << 20
)

// add keeps a push that the snapshot has taken in already.
func (st store) add(s *snapshot, change Push) error {
	// Where half a line is there, what is written in whole stands for itself.
	if err := st.append(change); err != nil || st.size(journalFile) > max(shortJournal, st.size(snapshotFile)) {
		return st.save(s)
	}
	return nil
}

func (st store) append(change Push) (err error) {
	line, err := json.Marshal(change)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(st.folder, journalFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	// A line begins with its end, so that one that was cut short before does not spoil it.
	if _, err := file.Write(append(append([]byte{'\n'}, line...), '\n')); err != nil {
		return err
	}
	return file.Sync()
}

// endJournal drops the journal: the snapshot has it all.
func (st store) endJournal() error {
	err := os.Remove(filepath.Join(st.folder, journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// replay takes in the pushes of the journal.
func (st store) replay(s *snapshot) error {
	file, err := os.Open(filepath.Join(st.folder, journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	defer func() { _ = file.Close() }()
	if err := replayJournal(file, s); err != nil {
		return fmt.Errorf("reading the journal %s: %w", file.Name(), err)
	}
	return nil
}

// replayJournal applies the pushes from the one that builds on the snapshot; those before it are in the snapshot already. A line that was
// cut short was never acknowledged, and one that is missing breaks the chain of digests. Where it is the first or the last that is missing,
// the snapshot is none that the operator has confirmed, and decides nothing.
func replayJournal(r io.Reader, s *snapshot) error {
	in := bufio.NewReaderSize(r, 1<<20)
	begun := false
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var change Push
			if json.Unmarshal(line, &change) == nil {
				begun = begun || change.Base == s.digest
				if begun {
					if err := replayPush(s, change); err != nil {
						return err
					}
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func replayPush(s *snapshot, change Push) error {
	if change.Base != s.digest {
		return fmt.Errorf("it is damaged: a push builds on %s, and there is %s", change.Base, s.digest)
	}
	if err := s.apply(change); err != nil {
		return err
	}
	if s.digest != change.Digest {
		return fmt.Errorf("it is damaged: a push leads to %s, and says %s", s.digest, change.Digest)
	}
	return nil
}

// size of a file in bytes; 0 where there is none.
func (st store) size(name string) int64 {
	info, err := os.Stat(filepath.Join(st.folder, name))
	if err != nil {
		return 0
	}
	return info.Size()
}
