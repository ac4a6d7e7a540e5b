// The bar above everything. AdminJS's own has no button that a keyboard reaches: not the menu's, nor the way out.
(() => {
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;

  function TopBar({ toggleSidebar }) {
    const [admin] = AdminJS.useCurrentAdmin();
    return h(
      'div',
      { className: 'console-bar-top' },
      h(
        'button',
        { type: 'button', className: 'console-menu', 'aria-label': 'Menu', onClick: toggleSidebar },
        h(AdminJSDesignSystem.Icon, { icon: 'Menu', size: 24 }),
      ),
      h('a', { href: '/', className: 'console-quiet' }, 'Leave the console'),
      admin &&
        h(
          'div',
          { className: 'console-who' },
          h('span', null, admin.email, h('small', null, ` ${admin.role}`)),
          h('a', { href: '/sign-out', className: 'console-action' }, 'Sign out'),
        ),
    );
  }

  Object.assign(AdminJS.UserComponents, { TopBar });
})();
