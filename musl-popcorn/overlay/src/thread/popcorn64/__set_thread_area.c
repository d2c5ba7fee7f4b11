/* The run time sets thread pointers: __popcorn_set_tls, __popcorn_clone. */
