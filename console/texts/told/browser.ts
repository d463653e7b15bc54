/** Why the browser or the network failed, and what to do. */
export const BROWSER = {
  "The page was not told in time that the account is still this replica's.": "页面未能及时获知该账号仍归本副本所有。",
  "The browser did not finish in time: {what}.": "浏览器未及时完成：{what}。",
  "The browser could not do this: {what}.": "浏览器无法执行：{what}。",
  "The gateway is shutting down.": "网关正在关闭。",
  "Chromium did not start a moment ago; it is tried again soon.": "Chromium 刚才未能启动，稍后会重试。",
  "Chromium did not start.": "Chromium 未能启动。",
  "Chromium started and did not answer in time.": "Chromium 已启动但未及时响应。",
  "Chromium cannot open a window: there is no display.": "Chromium 无法打开窗口：没有显示器。",
  "Set BROWSER_MODE=headless or start under Xvfb.": "请设置 BROWSER_MODE=headless，或在 Xvfb 下启动。",
  "BROWSER_PATH is a stand-in for Chromium from snap, which is not installed: install Chromium itself and set BROWSER_PATH.":
    "BROWSER_PATH 指向的是 snap 的占位程序，Chromium 并未安装：请安装 Chromium 并设置 BROWSER_PATH。",
  "This Chromium is made for another system: install the distribution's own (Debian: apt-get install chromium).":
    "此 Chromium 适用于其他系统：请安装发行版自带的版本（Debian：apt-get install chromium）。",
  "There is no room for Chromium's temporary files: free the disk that holds TMPDIR, and /dev/shm.":
    "Chromium 的临时文件没有空间：请清理 TMPDIR 所在磁盘和 /dev/shm。",
  "The machine, or a limit set for this process, leaves no memory, processes or files for Chromium.":
    "机器或此进程的限制没有为 Chromium 留下内存、进程或文件。",
  "Chromium may not be executed by this user, or may not write to TMPDIR.":
    "当前用户不能运行 Chromium，或不能写入 TMPDIR。",
  "Chromium was not found: install it (Debian: apt-get install chromium) or set BROWSER_PATH.":
    "未找到 Chromium：请安装（Debian：apt-get install chromium）或设置 BROWSER_PATH。",
  "Chromium's sandbox cannot start here: user namespaces are not allowed.":
    "Chromium 的沙箱无法启动：不允许使用用户命名空间。",
  "In a container use docker/seccomp.json (--security-opt seccomp=docker/seccomp.json); see README, Container.":
    "在容器中请使用 docker/seccomp.json（--security-opt seccomp=docker/seccomp.json），参见 README 的容器一节。",
  "Chromium lacks the library {library}: install the distribution's Chromium, which brings along what it needs (Debian: apt-get install chromium).":
    "Chromium 缺少库 {library}：请安装发行版的 Chromium，它会带上所需的库（Debian：apt-get install chromium）。",
  "The temporary folder cannot be written to ({why}): free its disk, or set TMPDIR to another.":
    "无法写入临时文件夹（{why}）：请清理磁盘，或将 TMPDIR 设为其他位置。",
  "The site's page could not be opened.": "无法打开网站页面。",
  "The site's page could not be opened: no answer within {seconds} seconds.":
    "无法打开网站页面：{seconds} 秒内没有响应。",
  "The site's page could not be opened ({why}).": "无法打开网站页面（{why}）。",
  "The site's name was not found: check {setting} and this machine's DNS.":
    "找不到网站的域名：请检查 {setting} 和本机的 DNS。",
  "The proxy failed: check the proxy variables of the environment, --proxy-server in BROWSER_ARGS, PROXY_URL and the account's proxy.":
    "代理失败：请检查环境中的代理变量、BROWSER_ARGS 中的 --proxy-server、PROXY_URL 和账号的代理。",
  "The site's certificate is not valid today: check this machine's clock, then any proxy on the way that inspects TLS.":
    "网站证书今天无效：请检查本机时钟，以及途中检查 TLS 的代理。",
  "The site's certificate is for another name: check {setting} and what answers in the site's place.":
    "网站证书属于其他域名：请检查 {setting} 以及是谁在代替网站响应。",
  "The site's certificate is not trusted: where a proxy inspects TLS, put its CA into the browser's own store (certutil -d sql:$HOME/.pki/nssdb).":
    "网站证书不受信任：如有代理检查 TLS，请将其 CA 加入浏览器的证书库（certutil -d sql:$HOME/.pki/nssdb）。",
  "No TLS connection came about: check what answers on the site's port.":
    "未能建立 TLS 连接：请检查网站端口上是谁在响应。",
  "Nothing listens there, or a firewall refuses: check {setting} and this machine's way out.":
    "那里没有服务在监听，或被防火墙拒绝：请检查 {setting} 和本机的出口。",
  "The connection did not hold: check firewalls and proxies on the way to the site.":
    "连接中断：请检查通往网站途中的防火墙和代理。",
  "This machine's network has no way to the site, or changed.": "本机网络无法到达网站，或已改变。",
  "The site redirects in a circle: open it by hand with this account, and give the account a new cookie.":
    "网站循环重定向：请用该账号手动打开网站，并为账号提供新的 Cookie。",
  "The browser may not open this address: check its policies and {setting}.":
    "浏览器不允许打开此地址：请检查其策略和 {setting}。",
  "The proxy {server} refuses the user name or the password that it was given: check the account's proxy or PROXY_URL.":
    "代理 {server} 拒绝了用户名或密码：请检查账号的代理或 PROXY_URL。",
  "The proxy {server} asks for a user name and a password: write them into the account's proxy or PROXY_URL.":
    "代理 {server} 需要用户名和密码：请写入账号的代理或 PROXY_URL。",
  "The gateway is short of memory; running answers go on.": "网关内存不足，正在进行的回答会继续。",
} as const;
