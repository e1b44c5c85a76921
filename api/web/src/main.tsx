import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./style/fonts.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/reading.css";
import "./style/documents.css";
import { reopen } from "./state/conversation";
import { lastOpen } from "./state/history";
import { followLinks } from "./state/links";
import { applyTheme } from "./state/preferences";
import { App } from "./ui/App";

applyTheme();
followLinks();
const open = lastOpen();
if (open) void reopen(open);
const root = document.getElementById("page");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App embedded={location.pathname.endsWith("/embed")} />
    </StrictMode>,
  );
}
