package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

const (
	// largest is the largest notebook that is fetched.
	largest = 64 << 20
	// attempts to fetch a notebook, and the pause between them.
	attempts = 4
	pause    = 2 * time.Second
)

// Prepare fetches the notebook of a task and lays everything out that its container needs.
func Prepare(ctx context.Context, folder string, t Task, desk Desk) error {
	notebook, work := filepath.Join(folder, notebookFile), Home
	switch {
	case t.Home != "":
		notebook = homeOf(t.Home)
		work = path.Dir(notebook)
	default:
		data, err := fetchPatiently(ctx, t, desk)
		if err != nil {
			return err
		}
		if err := os.WriteFile(notebook, data, 0o644); err != nil {
			return fmt.Errorf("writing the notebook: %w", err)
		}
	}
	return layOut(folder, t, notebook, work)
}

// final marks an error that another attempt would only repeat.
type final struct{ error }

func fetchPatiently(ctx context.Context, t Task, desk Desk) ([]byte, error) {
	var last error
	for attempt := range attempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return nil, last
			case <-time.After(pause << (attempt - 1)):
			}
		}
		data, err := fetch(ctx, t, desk)
		if err == nil {
			return data, nil
		}
		last = fmt.Errorf("fetching notebook %s: %w", t.Source, err)
		if errors.As(err, &final{}) {
			return nil, last
		}
	}
	return nil, last
}

func fetch(ctx context.Context, t Task, desk Desk) ([]byte, error) {
	if t.Git != nil {
		return fetchGit(ctx, *t.Git)
	}
	url, err := desk.Notebook(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, final{errors.New("its address is no URL")}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, redact(err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, final{errors.New("there is no such object in the object store")}
	case resp.StatusCode >= http.StatusMultipleChoices:
		return nil, fmt.Errorf("the object store answered %s", resp.Status)
	}
	return readAll(resp.Body)
}

// fetchGit takes one file out of one commit, and of the history nothing more than it must.
func fetchGit(ctx context.Context, g Git) ([]byte, error) {
	commit, err := commitOf(ctx, g)
	if err != nil {
		return nil, err
	}
	file, err := commit.File(g.Path)
	if errors.Is(err, object.ErrFileNotFound) {
		return nil, final{fmt.Errorf("there is no file %s at %s", g.Path, g.Ref)}
	}
	if err != nil {
		return nil, err
	}
	reader, err := file.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }()
	return readAll(reader)
}

func commitOf(ctx context.Context, g Git) (*object.Commit, error) {
	for _, ref := range []plumbing.ReferenceName{plumbing.NewBranchReferenceName(g.Ref), plumbing.NewTagReferenceName(g.Ref)} {
		repository, err := git.CloneContext(ctx, memory.NewStorage(), nil, &git.CloneOptions{
			URL: g.Repository, ReferenceName: ref, SingleBranch: true, Depth: 1, NoCheckout: true, Tags: git.NoTags,
		})
		if errors.Is(err, plumbing.ErrReferenceNotFound) || errors.As(err, &git.NoMatchingRefSpecError{}) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cloning %s: %w", g.Repository, err)
		}
		return resolve(repository, ref.String())
	}
	if !plumbing.IsHash(g.Ref) {
		return nil, final{fmt.Errorf("%s has no branch or tag %s", g.Repository, g.Ref)}
	}
	repository, err := git.Init(memory.NewStorage(), nil)
	if err != nil {
		return nil, err
	}
	remote, err := repository.CreateRemote(&gitconfig.RemoteConfig{Name: "origin", URLs: []string{g.Repository}})
	if err != nil {
		return nil, err
	}
	// A server need not hand out any commit by its hash; then the branches that lead to it are fetched.
	for _, o := range []git.FetchOptions{
		{RefSpecs: []gitconfig.RefSpec{gitconfig.RefSpec(g.Ref + ":refs/heads/fetched")}, Depth: 1, Tags: git.NoTags},
		{RefSpecs: []gitconfig.RefSpec{"+refs/heads/*:refs/remotes/origin/*"}, Tags: git.NoTags},
	} {
		if err = remote.FetchContext(ctx, &o); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("fetching commit %s of %s: %w", g.Ref, g.Repository, err)
	}
	return resolve(repository, g.Ref)
}

func resolve(repository *git.Repository, revision string) (*object.Commit, error) {
	hash, err := repository.ResolveRevision(plumbing.Revision(revision))
	if err != nil {
		return nil, final{fmt.Errorf("there is no commit %s: %w", revision, err)}
	}
	return repository.CommitObject(*hash)
}

func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, largest+1))
	if err != nil {
		return nil, err
	}
	if len(data) > largest {
		return nil, final{fmt.Errorf("it is larger than %d MiB", largest>>20)}
	}
	return data, nil
}

// redact takes the signature of a URL out of an error.
func redact(err error) error {
	text := err.Error()
	if i := strings.Index(text, "?"); i >= 0 {
		if j := strings.Index(text[i:], `"`); j >= 0 {
			text = text[:i] + text[i+j:]
		}
	}
	return errors.New(text)
}
