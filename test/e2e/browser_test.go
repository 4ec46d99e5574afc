package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// testBrowser goes the way of a person in a real Chromium: sign in, pick a workspace, a
// profile and a size, land in JupyterLab. The screenshots are kept in build/e2e/screens.
func testBrowser(t *testing.T, p *platform) {
	screens := p.path("build/e2e/screens")
	require.NoError(t, os.MkdirAll(screens, 0o755))
	chromium := "/usr/bin/chromium"
	require.FileExists(t, chromium, "install Debian's chromium: apt-get install chromium")

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.WindowSize(1280, 860),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true),
	)
	ctx, cancel := withTimeout(t, 4*time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()

	keep := func(name string) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) error {
			var png []byte
			if err := chromedp.CaptureScreenshot(&png).Do(ctx); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(screens, name+".png"), png, 0o644)
		})
	}
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			_ = chromedp.Run(ctx, keep("failure"))
			require.NoError(t, err, "%s (see failure.png in %s)", what, screens)
		}
	}

	ada := p.signIn(t, "ada")
	if running, err := ada.Running(ctx, "fraud"); err == nil && running {
		require.NoError(t, ada.Stop(ctx, "fraud"))
	}
	do("open the hub", chromedp.Navigate(p.status(t).HubURL), chromedp.WaitVisible(`a[role="button"], .btn-jupyter`), keep("1-hub"))
	do("go to the identity provider", chromedp.Click(`a[role="button"], .btn-jupyter`), chromedp.WaitVisible(`#password`), keep("2-sign-in"))
	do("sign in",
		chromedp.SendKeys(`#username`, "ada"), chromedp.SendKeys(`#password`, p.password(t, "ada")),
		chromedp.Click(`#kc-login`), chromedp.WaitVisible(`#workspace-fraud`), keep("3-workspaces"))
	do("pick the workspace", chromedp.Click(`#workspace-fraud .start`), chromedp.WaitVisible(`input[name="profile"]`), keep("4-profile-and-size"))
	do("pick profile and size",
		chromedp.Click(`input[name="profile"][value="python"]`), chromedp.Click(`#start`),
		chromedp.WaitVisible(`#progress-bar, #jp-main-dock-panel`), keep("5-starting"))
	do("land in JupyterLab", chromedp.WaitVisible(`.jp-Launcher`), keep("6-jupyterlab"))
	require.NoError(t, ada.Stop(ctx, "fraud"))
}
