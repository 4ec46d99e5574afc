package ledger

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed schema.sql
var schema string

// Migrate makes the table and gives the writer its rights, as the owner of the database. It changes nothing where all is there.
func Migrate(ctx context.Context, owner Options, writer string) error {
	config, err := owner.config()
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return fmt.Errorf("connecting to the ledger at %s as its owner: %w", owner.where(), err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("preparing the ledger: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	// Two that prepare at once would collide in the catalog.
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lock); err != nil {
		return fmt.Errorf("preparing the ledger: %w", err)
	}
	if _, err := tx.Exec(ctx, strings.ReplaceAll(schema, "{{writer}}", pgx.Identifier{writer}.Sanitize())); err != nil {
		return fmt.Errorf("preparing the ledger: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("preparing the ledger: %w", err)
	}
	return nil
}
