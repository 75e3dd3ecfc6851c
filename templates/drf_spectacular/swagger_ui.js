"use strict";

// Of whoever is signed in: in the organization that is chosen, with the token that no other site can read. A key that
// was given under Authorize goes before.
const asMember = (request) => {
  const organization = document.getElementById("organization");
  const address = new URL(request.url, document.baseURI);
  const withKey = Object.keys(request.headers || {}).some((name) => name.toLowerCase() === "authorization");
  if (!organization || request.loadSpec || withKey || address.origin !== window.location.origin) {
    return request;
  }
  request.headers["{{ organization_header|escapejs }}"] = organization.value;
  if (!["GET", "HEAD", "OPTIONS"].includes(request.method)) {
    request.headers["{{ csrf_header_name|escapejs }}"] = document.querySelector("[name=csrfmiddlewaretoken]").value;
  }
  return request;
};

SwaggerUIBundle({
  url: "{{ schema_url|escapejs }}",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  requestInterceptor: asMember,
  ...{{ settings|safe }},
});
