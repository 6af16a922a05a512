import logging

import pytest

from mmboxcaseg.quiet import unprinted


def test_what_is_printed_is_logged(capsys, caplog):
    with caplog.at_level(logging.DEBUG, 'mmboxcaseg'), unprinted():
        print('one\ntwo')
    assert capsys.readouterr().out == ''
    assert caplog.messages == ['one', 'two']


def test_verbose(capsys):
    with unprinted(verbose=True):
        print('one')
    assert capsys.readouterr().out == 'one\n'


def test_errors_pass(caplog):
    with caplog.at_level(logging.DEBUG, 'mmboxcaseg'):
        with pytest.raises(ImportError), unprinted():
            print('before')
            raise ImportError
    assert caplog.messages == ['before']
