/*
 * What all pages look like: by day and by night, and on paper. The colours of c0 to c5 can be told
 * apart by all eyes (Okabe and Ito).
 */
#include "valise/base/markup.h"

const char *const markup_style[] = {
        ":root{--ink:#1b2430;--soft:#566273;--paper:#fff;--panel:#f5f7f9;--line:#d7dde4;",
        "--good:#12613a;--goodbg:#e9f6ee;--part:#7a4f00;--partbg:#fdf3dc;--bad:#a31522;",
        "--badbg:#fdecec;--c0:#0072b2;--c1:#e69f00;--c2:#009e73;--c3:#cc79a7;--c4:#d55e00;",
        "--c5:#aab2bb}\n",
        "@media(prefers-color-scheme:dark){:root{--ink:#e5e9ef;--soft:#9fabb9;--paper:#13171c;",
        "--panel:#1c222a;--line:#36404c;--good:#83daa4;--goodbg:#13291c;--part:#f2c765;",
        "--partbg:#2c2411;--bad:#ff9d9d;--badbg:#331a1b;--c0:#4da6e0;--c5:#6a7582}}\n",
        "@media print{:root{--ink:#000;--soft:#444;--paper:#fff;--panel:#fff;--line:#bbb;",
        "--good:#12613a;--goodbg:#fff;--part:#7a4f00;--partbg:#fff;--bad:#a31522;--badbg:#fff;",
        "--c0:#0072b2;--c5:#aab2bb}}\n", "*{box-sizing:border-box}\n",
        "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n",
        "body{margin:0;color:var(--ink);background:var(--paper);font:16px/1.5 system-ui,",
        "-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",\"Noto Sans\",\"Liberation Sans\",",
        "Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}\n",
        "main{max-width:64rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}\n",
        "h1,h2,h3,p,dl,dd,ul,figure{margin:0;padding:0}\nul{list-style:none}\n",
        "h1{font-size:1.9rem;line-height:1.2;font-weight:650;letter-spacing:-.01em}\n",
        "h2{font-size:1.2rem;line-height:1.3;margin:0 0 .75rem;font-weight:650}\n",
        "h3{font-size:1rem;margin:0 0 .5rem;font-weight:650}\n",
        ".kind{color:var(--soft);font-size:.8rem;letter-spacing:.08em;text-transform:uppercase;",
        "margin-bottom:.3rem}\n", ".when{color:var(--soft);margin-top:.3rem}\n", NULL};
