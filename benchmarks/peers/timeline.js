// As the documentation of mastodon-embed-timeline says.
import { Init } from "./mastodon-timeline.esm.js";

new Init({
  instanceUrl: "https://social.example", timelineType: "profile", userId: "7", profileName: "@town",
  maxNbPostFetch: "10", maxNbPostShow: "10",
});
