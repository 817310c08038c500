<?php
// The SP of one run: requests and logout are signed both ways, assertions come encrypted.
$$config = [
    'gatehouse' => [
        'saml:SP',
        'entityID' => '$ENTITY_ID',
        'idp' => '$IDP',
        'privatekey' => '$KEY',
        'certificate' => '$CERTIFICATE',
        'sign.authnrequest' => true,
        'sign.logout' => true,
        'redirect.sign' => true,
        'redirect.validate' => true,
        'validate.logout' => true,
        'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'assertion.encryption' => true,
        'WantAssertionsSigned' => true,
        'NameIDPolicy' => ['Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', 'AllowCreate' => true],
        'SingleLogoutServiceBinding' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'],
        'attributes' => [],
        'RelayState' => '$BASE/page.php',
    ],
];
