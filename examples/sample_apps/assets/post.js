// Sends the form of a page that only carries a message on. Without script the person presses its button.
document.forms[0].submit();
