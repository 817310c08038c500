<?php
// An app behind SimpleSAMLphp: who is signed in, or, with ?peek, whether somebody is; with ?logout, signs out everywhere.
require '/usr/share/simplesamlphp/lib/_autoload.php';
$$source = new \SimpleSAML\Auth\Simple('gatehouse');
header('Content-Type: application/json');
if (isset($$_GET['peek'])) {
    echo json_encode(['signed_in' => $$source->isAuthenticated()]);
} elseif (isset($$_GET['logout'])) {
    $$source->logout('$BASE/page.php?peek');
} else {
    $$source->requireAuth();
    $$name = $$source->getAuthData('saml:sp:NameID');
    echo json_encode([
        'name_id' => $$name->getValue(),
        'format' => $$name->getFormat(),
        'session_index' => $$source->getAuthData('saml:sp:SessionIndex'),
        'attributes' => $$source->getAttributes(),
    ]);
}
