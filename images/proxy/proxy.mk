##@ Proxy

PROXY_NODE := build/node-proxy

# What is tested is what the image installs, beside the sources, of which the image is made.
$(PROXY_NODE)/.stamp: images/proxy/package.json images/proxy/package-lock.json | tools-node
	rm -rf $(PROXY_NODE)
	mkdir -p $(PROXY_NODE)
	cp images/proxy/package.json images/proxy/package-lock.json $(PROXY_NODE)
	cd $(PROXY_NODE) && npm ci --omit=dev --ignore-scripts --no-audit --no-fund
	touch $@

.PHONY: test-proxy
test-proxy: $(PROXY_NODE)/.stamp ## Test the proxy as it ships with connections that break
	cp images/proxy/*.js $(PROXY_NODE)
	cd $(PROXY_NODE) && node --test
