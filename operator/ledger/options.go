package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say where the database is and who signs in.
type Options struct {
	Host     string
	Port     uint16
	Database string
	// SSLMode is one of PostgreSQL's: disable, require, verify-ca, verify-full.
	SSLMode string
	// RootCert is a file with the authorities that verify-ca and verify-full trust; the system's where it is empty.
	RootCert string
	// Credentials is a folder with the files username and password, as a mounted Secret has them. They are read at each new
	// session, so that a new password needs no restart.
	Credentials string
}

// SSLModes are those that say what they do: prefer and allow fall back without a word.
var SSLModes = []string{"disable", "require", "verify-ca", "verify-full"}

// Validate is an error that names what is missing or wrong.
func (o Options) Validate() error {
	switch {
	case o.Host == "" || o.Database == "" || o.Credentials == "":
		return errors.New("the ledger needs a host, a database and a folder with username and password")
	case !slices.Contains(SSLModes, o.SSLMode):
		return fmt.Errorf("the ledger's sslmode is %q: set one of %s", o.SSLMode, strings.Join(SSLModes, ", "))
	}
	return nil
}

func (o Options) where() string { return fmt.Sprintf("%s:%d/%s", o.Host, o.Port, o.Database) }

func (o Options) config() (*pgxpool.Config, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("host='%s' port=%d dbname='%s' sslmode=%s connect_timeout=5", quote(o.Host), o.Port, quote(o.Database), o.SSLMode)
	if o.RootCert != "" {
		text += fmt.Sprintf(" sslrootcert='%s'", quote(o.RootCert))
	}
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("reading where the ledger is: %w", err)
	}
	if config.ConnConfig.User, err = o.read("username"); err != nil {
		return nil, err
	}
	if config.ConnConfig.Password, err = o.read("password"); err != nil {
		return nil, err
	}
	config.MaxConns = 4
	config.MaxConnIdleTime = time.Minute
	config.ConnConfig.RuntimeParams["application_name"] = "atoll-operator"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["statement_timeout"] = "60000"
	return config, nil
}

func (o Options) read(name string) (string, error) {
	raw, err := os.ReadFile(filepath.Join(o.Credentials, name))
	if err != nil {
		return "", fmt.Errorf("reading the ledger's %s: %w", name, err)
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}

// quote escapes what a connection string reads between single quotes.
func quote(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }
